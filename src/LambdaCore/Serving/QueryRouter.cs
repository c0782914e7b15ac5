using LambdaCore.Speed;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Serving;

/// <summary>
/// Chooses how to find the rows of a question. If every key column is pinned to a value, or is a window whose starts can be listed, the
/// keys are looked up. Otherwise the keys are scanned, from the first to the last that begin with the pinned columns; keys are encoded so that these
/// lie side by side.
/// </summary>
internal static class QueryRouter
{
    /// <summary>The most keys to look up one by one; beyond that a scan is no slower.</summary>
    private const int MaxLookups = 4096;

    /// <summary>Chooses the path.</summary>
    /// <param name="plan">The view.</param>
    /// <param name="pins">The encoded value of each pinned key column, null for the others.</param>
    /// <param name="between">The window starts asked for, in microseconds since the Unix epoch; the first is one.</param>
    public static ReadPath Choose(ViewPlan plan, IReadOnlyList<byte[]?> pins, (long Start, long End)? between)
    {
        int window = between is null ? -1 : plan.Keys.ToList().FindIndex(k => k.Window is not null);
        bool listed = Enumerable.Range(0, pins.Count).All(i => pins[i] is not null || i == window);
        if (listed && (window < 0 || pins[window] is not null))
        {
            return new ReadPath([Concatenate(pins)], default);
        }

        if (listed)
        {
            (long start, long end) = between!.Value;
            long size = plan.Keys[window].Window!.Value.Ticks / TimeSpan.TicksPerMicrosecond;
            long count = end <= start ? 0 : ((end - 1 - start) / size) + 1;
            if (count <= MaxLookups)
            {
                return new ReadPath(ListWindows(plan, pins, window, start, size, count), default);
            }
        }

        return new ReadPath(null, Range(plan, pins, window, between));
    }

    private static List<byte[]> ListWindows(ViewPlan plan, IReadOnlyList<byte[]?> pins, int window, long first, long size, long count)
    {
        List<byte[]> keys = new((int)count);
        byte[]?[] columns = [.. pins];
        for (long i = 0; i < count; i++)
        {
            columns[window] = Encode(plan.Keys[window].Type, first + (i * size));
            keys.Add(Concatenate(columns));
        }

        return keys;
    }

    private static KeyRange Range(ViewPlan plan, IReadOnlyList<byte[]?> pins, int window, (long Start, long End)? between)
    {
        int pinned = pins.TakeWhile(p => p is not null).Count();
        byte[] prefix = Concatenate([.. pins.Take(pinned)]);
        return window == pinned
            ? new KeyRange(
                [.. prefix, .. Encode(plan.Keys[window].Type, between!.Value.Start)],
                [.. prefix, .. Encode(plan.Keys[window].Type, between.Value.End)])
            : KeyRange.StartingWith(prefix);
    }

    private static byte[] Concatenate(IReadOnlyList<byte[]?> columns) => [.. columns.SelectMany(c => c!)];

    private static byte[] Encode(ScalarType type, long time)
    {
        ByteWriter writer = new(16);
        if (type.IsNullable)
        {
            KeyWriter.WritePresence(writer, true);
        }

        KeyWriter.Write(writer, time);
        return writer.Written.ToArray();
    }
}
