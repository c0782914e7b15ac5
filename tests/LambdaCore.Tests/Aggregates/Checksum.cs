using LambdaCore.Aggregates;
using LambdaCore.Values;

namespace LambdaCore.Tests.Aggregates;

/// <summary>A sum of hashes of everything that reached an aggregator: equal sums mean that the very same values and stamps did.</summary>
internal struct ChecksumState : IState<ChecksumState>
{
    private ulong _sum;
    private long _count;

    public static ChecksumState Read(ref ByteReader reader) => new() { _sum = (ulong)reader.ReadInt64(), _count = reader.ReadInt64() };

    public void Merge(in ChecksumState other)
    {
        _sum += other._sum;
        _count += other._count;
    }

    public readonly void Write(ByteWriter writer)
    {
        writer.WriteInt64((long)_sum);
        writer.WriteInt64(_count);
    }

    public void Add(ByteWriter bytes)
    {
        _sum += XxHash64.Hash(bytes.Written);
        _count++;
    }

    public static ByteWriter Begin(in EventStamp stamp)
    {
        ByteWriter bytes = new();
        bytes.WriteInt64(stamp.Microseconds);
        bytes.WriteInt64(stamp.Position.Value);
        return bytes;
    }

    public static void Write<T>(ByteWriter bytes, T value)
    {
        bytes.WriteBoolean(value is not null);
        if (value is not null)
        {
            ValueCodec.Write(bytes, (object)value);
        }
    }

    public readonly ulong Sum => _sum;
}

/// <summary>An aggregator of one input, whatever its type.</summary>
internal readonly struct Checksum<T>(int salt) : IAggregator<T, ChecksumState, ulong>
{
    public void Add(ref ChecksumState state, T input, in EventStamp stamp)
    {
        ByteWriter bytes = ChecksumState.Begin(in stamp);
        bytes.WriteInt32(salt);
        ChecksumState.Write(bytes, input);
        state.Add(bytes);
    }

    public ulong Result(in ChecksumState state) => state.Sum;
}

/// <summary>An aggregator of two inputs.</summary>
internal readonly struct Checksum<T1, T2> : IAggregator<(T1, T2), ChecksumState, ulong>
{
    public void Add(ref ChecksumState state, (T1, T2) input, in EventStamp stamp)
    {
        ByteWriter bytes = ChecksumState.Begin(in stamp);
        ChecksumState.Write(bytes, input.Item1);
        ChecksumState.Write(bytes, input.Item2);
        state.Add(bytes);
    }

    public ulong Result(in ChecksumState state) => state.Sum;
}

/// <summary>The checksums as data.</summary>
internal static class Checksum
{
    public static AggregateFunction Of(ScalarType input, int salt) => AggregateFunction.ByCode(
        "Checksum", Activator.CreateInstance(typeof(Checksum<>).MakeGenericType(input.Representation), salt)!, [input], $"{salt}", takesStamp: true);

    public static AggregateFunction Of(ScalarType first, ScalarType second) => AggregateFunction.ByCode(
        "Checksum", Activator.CreateInstance(typeof(Checksum<,>).MakeGenericType(first.Representation, second.Representation))!, [first, second], takesStamp: true);
}
