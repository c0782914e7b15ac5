using System.Globalization;
using LambdaCore.Aggregates;
using LambdaCore.Batch;
using LambdaCore.Speed;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Serving;

/// <summary>
/// Compares what the two layers computed of the same events: the batch layer's rows in the order of their keys, each looked up in the speed layer;
/// then, unless the numbers agree, the speed layer's keys, each looked up in the batch layer. Thread-safe.
/// </summary>
/// <param name="program">The view.</param>
/// <param name="speed">Its part of the speed layer.</param>
internal sealed class DriftAudit<TEvent, TKey, TResult, TRow>(ViewProgram<TEvent, TKey, TResult, TRow> program, SpeedView<TEvent, TRow> speed)
    where TRow : struct, IState<TRow>
{
    /// <summary>How many keys are compared before the speed layer gets a chance to move its states.</summary>
    private const int KeysPerHold = 4096;
    private const int MostTold = 10;
    private const int MostBytesTold = 64;

    private readonly StateComparison _comparison = new(program.Plan);

    /// <summary>Compares a batch layer with the generations of the speed layer over the same range.</summary>
    /// <param name="layer">The batch layer; not yet served, so that the generations are still there.</param>
    /// <param name="cancellationToken">Stops the comparison.</param>
    /// <exception cref="LambdaCoreException">The speed layer has no generations over the same range; or the disk failed.</exception>
    public DriftFindings Run(BatchView layer, CancellationToken cancellationToken)
    {
        List<DriftMismatch> told = [];
        long mismatches = 0;
        long found = 0;
        ByteWriter bytes = new();
        LookupFile.Enumerator stored = layer.Lookup.Scan(null, null);
        bool more = true;
        while (more)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using FrozenStates<TRow> states = speed.Hold(layer.Range);
            for (int i = 0; i < KeysPerHold && (more = stored.MoveNext()); i++)
            {
                TRow row = default;
                bool isThere = states.TryMerge(stored.Key, XxHash64.Hash(stored.Key), ref row);
                found += isThere ? 1 : 0;
                bytes.Clear();
                if (isThere)
                {
                    row.Write(bytes);
                }

                if (!isThere || !_comparison.Same(stored.State, bytes.Written))
                {
                    mismatches++;
                    Tell(told, layer, stored.Key, Text(stored.Key, stored.State), isThere ? Text(stored.Key, bytes.Written) : null);
                }
            }
        }

        long missing = FindMissing(layer, found, told);
        return new DriftFindings(layer.Lookup.Count + missing, mismatches + missing, told);
    }

    /// <summary>Counts the keys that only the speed layer has.</summary>
    private long FindMissing(BatchView layer, long found, List<DriftMismatch> told)
    {
        using FrozenStates<TRow> states = speed.Hold(layer.Range);
        if (states.Count == found)
        {
            return 0;
        }

        HashSet<string> missing = [];
        ByteWriter bytes = new();
        states.Scan((ReadOnlySpan<byte> key, ulong hash, in TRow part) =>
        {
            if (!layer.Lookup.TryGet(key, hash, out _) && missing.Add(Convert.ToHexString(key)))
            {
                bytes.Clear();
                part.Write(bytes);
                Tell(told, layer, key, null, Text(key, bytes.Written));
            }
        });
        return missing.Count;
    }

    private void Tell(List<DriftMismatch> told, BatchView layer, ReadOnlySpan<byte> key, string? batch, string? speed)
    {
        if (told.Count < MostTold)
        {
            told.Add(new DriftMismatch(program.Plan.Name, layer.Range, Convert.ToString(ReadKey(key), CultureInfo.InvariantCulture) ?? "null", batch, speed));
        }
    }

    private string Text(ReadOnlySpan<byte> key, ReadOnlySpan<byte> state)
    {
        string result;
        try
        {
            TRow row = StateBytes.Read<TRow>(state);
            result = program.Sessions is null ? $"{Convert.ToString(program.Project(ReadKey(key), in row), CultureInfo.InvariantCulture)}, " : "";
        }
        catch (Exception error) when (error is OverflowException or InvalidDataException)
        {
            result = $"{error.Message} ";
        }

        string more = state.Length > MostBytesTold ? $"… ({state.Length} bytes)" : "";
        return $"{result}states {Convert.ToHexString(state[..Math.Min(state.Length, MostBytesTold)])}{more}";
    }

    private unsafe TKey ReadKey(ReadOnlySpan<byte> key)
    {
        fixed (byte* start = key)
        {
            ByteReader reader = new(start, key.Length);
            return program.ReadKey(ref reader, 0);
        }
    }
}
