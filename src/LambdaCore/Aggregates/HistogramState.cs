using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>The state of <see cref="Histogram{TWidth}"/>: a count per bucket, all of which are written even where none was counted, since each is a column.</summary>
/// <remarks>A copy of the struct shares its memory with the original: treat it as moved.</remarks>
/// <typeparam name="TWidth">The number of buckets.</typeparam>
internal struct HistogramState<TWidth> : IState<HistogramState<TWidth>>
    where TWidth : IWidth
{
    private long[]? _counts;

    /// <inheritdoc/>
    public static HistogramState<TWidth> Read(ref ByteReader reader)
    {
        long[] counts = new long[TWidth.Value];
        for (int i = 0; i < counts.Length; i++)
        {
            counts[i] = CountState.Read(ref reader).Count;
        }

        return new HistogramState<TWidth> { _counts = counts };
    }

    /// <summary>Counts one in a bucket.</summary>
    public void Add(int bucket) => (_counts ??= new long[TWidth.Value])[bucket]++;

    /// <summary>The counts, as an array of their own.</summary>
    public readonly long[] Counts() => _counts is null ? new long[TWidth.Value] : [.. _counts];

    /// <inheritdoc/>
    public void Merge(in HistogramState<TWidth> other)
    {
        if (other._counts is null)
        {
            return;
        }

        _counts ??= new long[TWidth.Value];
        for (int i = 0; i < _counts.Length; i++)
        {
            _counts[i] = checked(_counts[i] + other._counts[i]);
        }
    }

    /// <inheritdoc/>
    public readonly void Write(ByteWriter writer)
    {
        for (int i = 0; i < TWidth.Value; i++)
        {
            writer.WriteInt64(_counts?[i] ?? 0);
        }
    }
}
