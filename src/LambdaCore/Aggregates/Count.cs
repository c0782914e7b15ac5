using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>The number of events. An event that a predicate excludes is simply not added.</summary>
internal readonly struct Count : IAggregator<ValueTuple, CountState, long>
{
    /// <summary>The aggregate as data.</summary>
    public static AggregateFunction Describe() => new(
        nameof(Count), default(Count), [],
        [new StateColumn("", new ScalarType(ValueKind.Int64, false), (in of) => $"count(*){of.Filter}")]);

    /// <inheritdoc/>
    public void Add(ref CountState state, ValueTuple input, in EventStamp stamp) => state.Count++;

    /// <inheritdoc/>
    public long Result(in CountState state) => state.Count;
}

/// <summary>The state of <see cref="Aggregates.Count"/>, and of every aggregate that divides by a count.</summary>
internal struct CountState : IState<CountState>
{
    /// <summary>The number of events, from 0.</summary>
    public long Count;

    /// <inheritdoc/>
    public static CountState Read(ref ByteReader reader)
    {
        long count = reader.ReadInt64();
        return count >= 0 ? new CountState { Count = count } : throw new InvalidDataException($"A count of events is {count}, below zero.");
    }

    /// <inheritdoc/>
    public void Merge(in CountState other) => Count = checked(Count + other.Count);

    /// <inheritdoc/>
    public readonly void Write(ByteWriter writer) => writer.WriteInt64(Count);
}
