using System.Globalization;
using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>
/// The approximate number of distinct values, by a HyperLogLog sketch of their hashes (<see cref="ValueHash"/>); 0 if there
/// are none. Its relative standard error is <c>1.04 / sqrt(2^precision)</c>, and far less while the sketch is sparse.
/// </summary>
/// <param name="precision">The sketch's precision, from 4 to 18.</param>
internal readonly struct ApproxDistinct(int precision) : IAggregator<ulong, HyperLogLogState, long>
{
    /// <summary>The aggregate over a kind, as data.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such precision.</exception>
    public static AggregateFunction Describe(ValueKind kind, int precision) =>
        AggregateFunction.ByCode(nameof(ApproxDistinct), new ApproxDistinct(Precision.Checked(precision)), [new ScalarType(kind, false)], string.Create(CultureInfo.InvariantCulture, $"precision {precision}")) with
        {
            Error = new ErrorBound(ErrorKind.RelativeStandardError, Precision.StandardError(precision)),
            TakesHashes = true,
        };

    /// <inheritdoc/>
    public void Add(ref HyperLogLogState state, ulong input, in EventStamp stamp) => state.Add(precision, input);

    /// <inheritdoc/>
    public long Result(in HyperLogLogState state) => (long)Math.Min(Math.Round(state.Estimate()), long.MaxValue);
}
