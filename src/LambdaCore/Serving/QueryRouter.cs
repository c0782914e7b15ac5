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
    /// <param name="pins">The encoded value of each pinned column of the key of states, null for the others.</param>
    /// <param name="starts">The half-open range of the window starts asked for, in microseconds since the Unix epoch; if it is not empty, the first is one.</param>
    public static ReadPath Choose(ViewPlan plan, IReadOnlyList<byte[]?> pins, (long Start, long End)? starts)
    {
        int window = starts is null ? -1 : plan.StateKeys.ToList().FindIndex(k => k.Window is not null);
        bool listed = Enumerable.Range(0, pins.Count).All(i => pins[i] is not null || i == window);
        if (listed && (window < 0 || pins[window] is not null))
        {
            return new ReadPath([Concatenate(pins)], default);
        }

        return listed && TryListWindows(plan, pins, window, starts!.Value) is { } keys
            ? new ReadPath(keys, default)
            : new ReadPath(null, Range(plan, pins, window, starts));
    }

    private static List<byte[]>? TryListWindows(ViewPlan plan, IReadOnlyList<byte[]?> pins, int window, (long Start, long End) starts)
    {
        KeyColumn column = plan.StateKeys[window];
        List<byte[]> keys = [];
        byte[]?[] columns = [.. pins];
        for (long start = starts.Start; start < starts.End; start = column.Window!.Next(start))
        {
            if (keys.Count == MaxLookups)
            {
                return null;
            }

            columns[window] = Encode(column.Type, start);
            keys.Add(Concatenate(columns));
        }

        return keys;
    }

    private static KeyRange Range(ViewPlan plan, IReadOnlyList<byte[]?> pins, int window, (long Start, long End)? starts)
    {
        int pinned = pins.TakeWhile(p => p is not null).Count();
        byte[] prefix = Concatenate([.. pins.Take(pinned)]);
        return window == pinned
            ? new KeyRange(
                [.. prefix, .. Encode(plan.StateKeys[window].Type, starts!.Value.Start)],
                [.. prefix, .. Encode(plan.StateKeys[window].Type, starts.Value.End)])
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
