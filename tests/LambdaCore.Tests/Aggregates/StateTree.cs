using LambdaCore.Aggregates;
using LambdaCore.Values;

namespace LambdaCore.Tests.Aggregates;

/// <summary>Adds one item to a state.</summary>
internal delegate void AddItem<TState, in TItem>(ref TState state, TItem item);

/// <summary>States made of items by any tree of merges, each now and then written and read on the way, as layers do.</summary>
internal static unsafe class StateTree
{
    /// <summary>The state of items that are dealt at random to a random tree of parts.</summary>
    public static TState Merge<TState, TItem>(ReadOnlySpan<TItem> items, AddItem<TState, TItem> add, Random random)
        where TState : struct, IState<TState>
    {
        if (items.Length < 2 || random.Next(4) == 0)
        {
            TState leaf = default;
            foreach (TItem item in items)
            {
                add(ref leaf, item);
            }

            return leaf;
        }

        int cut = random.Next(items.Length + 1);
        TState left = Merge(items[..cut], add, random);
        TState right = Merge(items[cut..], add, random);
        left = random.Next(3) == 0 ? Read<TState>(Write(in left)) : left;
        right = random.Next(3) == 0 ? Read<TState>(Write(in right)) : right;
        if (random.Next(2) == 0)
        {
            (left, right) = (right, left);
        }

        left.Merge(in right);
        return left;
    }

    public static byte[] Write<TState>(in TState state)
        where TState : struct, IState<TState>
    {
        ByteWriter writer = new();
        state.Write(writer);
        return writer.Written.ToArray();
    }

    public static TState Read<TState>(byte[] bytes)
        where TState : struct, IState<TState>
    {
        fixed (byte* start = bytes)
        {
            ByteReader reader = new(start, bytes.Length);
            TState state = TState.Read(ref reader);
            return reader.Remaining == 0 ? state : throw new InvalidDataException($"{reader.Remaining} bytes are left.");
        }
    }
}
