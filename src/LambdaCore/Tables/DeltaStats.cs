using System.Globalization;
using System.Text;
using System.Text.Json;
using LambdaCore.Values;

namespace LambdaCore.Tables;

/// <summary>The smallest and largest value of a column within one file, and how many values are missing.</summary>
/// <param name="Column">The column's name.</param>
/// <param name="IsTimestamp">Whether the values are microseconds since the Unix epoch instead of whole numbers.</param>
/// <param name="Minimum">The smallest value; null when all are missing.</param>
/// <param name="Maximum">The largest value; null when all are missing.</param>
/// <param name="NullCount">How many are missing.</param>
internal readonly record struct DeltaColumnStats(string Column, bool IsTimestamp, long? Minimum, long? Maximum, long NullCount);

/// <summary>Writes the statistics by which readers of a Delta table skip files (PROTOCOL.md, "Per-file
/// Statistics").</summary>
internal static class DeltaStats
{
    private const long MicrosecondsPerMillisecond = 1000;
    private static readonly long LastMillisecond = UnixTime.FromDateTime(DateTime.SpecifyKind(DateTime.MaxValue, DateTimeKind.Utc)) / MicrosecondsPerMillisecond;

    /// <summary>The statistics as JSON.</summary>
    /// <param name="rowCount">The number of rows in the file.</param>
    /// <param name="columns">What is known of some of its columns.</param>
    public static string Json(long rowCount, params IReadOnlyList<DeltaColumnStats> columns)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, DeltaCommitWriter.Options))
        {
            json.WriteStartObject();
            json.WriteNumber("numRecords", rowCount);
            json.WriteStartObject("minValues");
            foreach (DeltaColumnStats column in columns)
            {
                WriteBound(json, column, column.Minimum, roundUp: false);
            }

            json.WriteEndObject();
            json.WriteStartObject("maxValues");
            foreach (DeltaColumnStats column in columns)
            {
                WriteBound(json, column, column.Maximum, roundUp: true);
            }

            json.WriteEndObject();
            json.WriteStartObject("nullCount");
            foreach (DeltaColumnStats column in columns)
            {
                json.WriteNumber(column.Column, column.NullCount);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private static void WriteBound(Utf8JsonWriter json, DeltaColumnStats column, long? value, bool roundUp)
    {
        if (value is not long bound)
        {
            return;
        }

        if (!column.IsTimestamp)
        {
            json.WriteNumber(column.Column, bound);
            return;
        }

        // The protocol keeps milliseconds. Its writers cut both bounds off; rounding the upper one up instead keeps it a
        // bound even for a reader that does not allow for that.
        (long milliseconds, long rest) = Math.DivRem(bound, MicrosecondsPerMillisecond);
        milliseconds += rest < 0 && !roundUp ? -1 : rest > 0 && roundUp ? 1 : 0;
        if (milliseconds > LastMillisecond)
        {
            // Nothing lies above the last millisecond of the year 9999, so there is no upper bound to state.
            return;
        }

        DateTime time = UnixTime.ToDateTime(milliseconds * MicrosecondsPerMillisecond);
        json.WriteString(column.Column, time.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
    }
}
