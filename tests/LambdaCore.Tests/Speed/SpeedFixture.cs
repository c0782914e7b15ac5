using LambdaCore.Aggregates;
using LambdaCore.Log;
using LambdaCore.Speed;
using LambdaCore.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Speed;

/// <summary>An event of the tests.</summary>
internal readonly record struct Tick(long Key, long Value);

/// <summary>The states of the tests: how many events, their sum, and optionally which values.</summary>
internal static class SpeedFixture
{
    public static SpeedView<Tick, StateRow<SumState, StateRow<SumState, EmptyRow>>> AddSums(this SpeedLayer<Tick> layer, long start = 0) =>
        layer.AddView<StateRow<SumState, StateRow<SumState, EmptyRow>>>(
            null,
            static (tick, writer) => KeyWriter.Write(writer, tick.Key),
            static (Tick tick, in EventStamp _, ref StateRow<SumState, StateRow<SumState, EmptyRow>> row) =>
            {
                row.Head.Value++;
                row.Tail.Head.Value += tick.Value;
            },
            new LogPosition(start));

    public static SpeedView<Tick, StateRow<SumState, StateRow<BagState, EmptyRow>>> AddBags(
        this SpeedLayer<Tick> layer, Func<Tick, bool>? filter = null, long start = 0) =>
        layer.AddView<StateRow<SumState, StateRow<BagState, EmptyRow>>>(
            filter,
            static (tick, writer) => KeyWriter.Write(writer, $"key {tick.Key}"),
            static (Tick tick, in EventStamp stamp, ref StateRow<SumState, StateRow<BagState, EmptyRow>> row) =>
            {
                row.Head.Value++;
                row.Tail.Head.Add(tick.Value, stamp.Position.Value + (stamp.Microseconds * 1000));
            },
            new LogPosition(start));

    /// <summary>Applies events whose times are their positions.</summary>
    public static void Apply(this SpeedLayer<Tick> layer, params ReadOnlySpan<Tick> events)
    {
        long first = layer.End.Value;
        long[] times = new long[events.Length];
        for (int i = 0; i < times.Length; i++)
        {
            times[i] = first + i;
        }

        layer.Apply(events, times, new LogPosition(first));
    }

    public static byte[] KeyOf(long key)
    {
        var writer = new ByteWriter();
        KeyWriter.Write(writer, key);
        return writer.Written.ToArray();
    }

    public static byte[] TextKeyOf(long key)
    {
        var writer = new ByteWriter();
        KeyWriter.Write(writer, $"key {key}");
        return writer.Written.ToArray();
    }

    /// <summary>The bytes of a key's states; null if there are none.</summary>
    public static string? Read<TRow>(this SpeedLayer<Tick> layer, SpeedView<Tick, TRow> view, byte[] key, LogPosition from)
        where TRow : struct, IState<TRow>
    {
        TRow row = default;
        using (layer.EnterRead())
        {
            return view.TryMerge(key, XxHash64.Hash(key), from, ref row) ? Describe(in row) : null;
        }
    }

    /// <summary>The bytes of all keys' states.</summary>
    public static Dictionary<string, string> Scan<TRow>(
        this SpeedView<Tick, TRow> view, LogPosition from, KeyRange range, out LogPosition position)
        where TRow : struct, IState<TRow>
    {
        var rows = new KeyTable<TRow>();
        position = view.Scan(() => from, range, (ReadOnlySpan<byte> key, ulong hash, in TRow row) =>
        {
            Assert.That(hash, Is.EqualTo(XxHash64.Hash(key)));
            rows.GetOrAdd(key, hash).Merge(in row);
        });
        return Enumerable.Range(0, rows.Count).ToDictionary(i => Convert.ToHexString(rows.Key(i)), i => Describe(in rows.Row(i)));
    }

    public static string Describe<TRow>(in TRow row)
        where TRow : struct, IState<TRow>
    {
        var writer = new ByteWriter();
        row.Write(writer);
        return Convert.ToHexString(writer.Written);
    }
}
