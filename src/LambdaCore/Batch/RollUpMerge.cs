using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LambdaCore.Aggregates;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Batch;

/// <summary>Makes rows of a roll-up from layers of its source.</summary>
/// <param name="layers">The source's layers, oldest first.</param>
/// <param name="writeKeys">From a key of the source to those of the roll-up.</param>
/// <param name="maxBytes">About how many bytes the rows may take in memory at a time.</param>
/// <param name="emit">Takes in each row. Keys ascend; where memory is used up they begin anew, with other parts of the states.</param>
/// <param name="beginAnew">Called where keys begin anew.</param>
internal delegate void MapLayers(IReadOnlyList<LookupFile> layers, RollUpKey writeKeys, long maxBytes, VisitStates emit, Action beginAnew);

/// <summary>The merge of states whose keys become the same.</summary>
internal static class RollUpMerge
{
    /// <summary>Bytes that a key takes besides its own and its row.</summary>
    private const int EntryBytes = 64;

    /// <summary>Merges the states of the rows that have one key in the roll-up.</summary>
    /// <typeparam name="TRow">The states of one key.</typeparam>
    /// <exception cref="LookupDamagedException">A layer is damaged.</exception>
    public static void ByMappedKey<TRow>(IReadOnlyList<LookupFile> layers, RollUpKey writeKeys, long maxBytes, VisitStates emit, Action beginAnew)
        where TRow : struct, IState<TRow>
    {
        Dictionary<byte[], TRow> rows = new(new ByContent());
        Dictionary<byte[], TRow>.AlternateLookup<ReadOnlySpan<byte>> byBytes = rows.GetAlternateLookup<ReadOnlySpan<byte>>();
        EventKeys keys = new();
        long bytes = 0;
        foreach (LookupFile layer in layers)
        {
            LookupFile.Enumerator source = layer.Scan(null, null);
            while (source.MoveNext())
            {
                WriteKeys(layer, source.Key, writeKeys, keys);

                for (int i = 0; i < keys.Count; i++)
                {
                    ref TRow row = ref CollectionsMarshal.GetValueRefOrAddDefault(byBytes, keys[i], out bool isThere);
                    layer.MergeInto(ref row, source.State);
                    bytes += source.State.Length + (isThere ? 0 : keys[i].Length + EntryBytes + Unsafe.SizeOf<TRow>());
                }

                if (bytes >= maxBytes)
                {
                    Emit(rows, emit);
                    beginAnew();
                    rows.Clear();
                    bytes = 0;
                }
            }
        }

        Emit(rows, emit);
    }

    private static unsafe void WriteKeys(LookupFile layer, ReadOnlySpan<byte> key, RollUpKey writeKeys, EventKeys keys)
    {
        keys.Clear();
        try
        {
            fixed (byte* start = key)
            {
                ByteReader reader = new(start, key.Length);
                writeKeys(ref reader, keys);
            }
        }
        catch (Exception error) when (error is InvalidDataException or NoSuchValueException)
        {
            throw layer.NoRow(key, error);
        }
    }

    private static void Emit<TRow>(Dictionary<byte[], TRow> rows, VisitStates emit)
        where TRow : struct, IState<TRow>
    {
        byte[][] order = [.. rows.Keys];
        Array.Sort(order, (left, right) => left.AsSpan().SequenceCompareTo(right));
        ByteWriter state = new();
        foreach (byte[] key in order)
        {
            state.Clear();
            CollectionsMarshal.GetValueRefOrNullRef(rows, key).Write(state);
            emit(key, state.Written);
        }
    }

    private sealed class ByContent : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode([DisallowNull] byte[] obj) => (int)XxHash64.Hash(obj);

        public int GetHashCode(ReadOnlySpan<byte> alternate) => (int)XxHash64.Hash(alternate);

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
