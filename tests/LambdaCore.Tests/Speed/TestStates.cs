using LambdaCore.Aggregates;
using LambdaCore.Values;

namespace LambdaCore.Tests.Speed;

/// <summary>A sum of fixed length.</summary>
internal struct SumState : IState<SumState>
{
    public long Value;

    public static SumState Read(ref ByteReader reader) => new() { Value = reader.ReadInt64() };

    public void Merge(in SumState other) => Value += other.Value;

    public readonly void Write(ByteWriter writer) => writer.WriteInt64(Value);
}

/// <summary>A set of numbers, so a state that grows; it counts how often each came, so that nothing taken twice goes unseen.</summary>
internal struct BagState : IState<BagState>
{
    public SortedDictionary<long, long>? Counts;

    public static BagState Read(ref ByteReader reader)
    {
        BagState state = default;
        uint count = reader.ReadVarint();
        for (uint i = 0; i < count; i++)
        {
            long value = reader.ReadInt64();
            state.Add(value, reader.ReadInt64());
        }

        return state;
    }

    public void Add(long value, long times)
    {
        Counts ??= [];
        Counts[value] = Counts.GetValueOrDefault(value) + times;
    }

    public void Merge(in BagState other)
    {
        foreach ((long value, long times) in other.Counts ?? [])
        {
            Add(value, times);
        }
    }

    public readonly void Write(ByteWriter writer)
    {
        writer.WriteVarint((uint)(Counts?.Count ?? 0));
        foreach ((long value, long times) in Counts ?? [])
        {
            writer.WriteInt64(value);
            writer.WriteInt64(times);
        }
    }
}
