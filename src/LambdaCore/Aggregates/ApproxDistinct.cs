using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>
/// The approximate number of distinct values, by a HyperLogLog sketch of their hashes (<see cref="ValueHash"/>); 0 if there
/// are none. Its relative standard error is <c>1.04 / sqrt(2^precision)</c>, and far less while the sketch is sparse.
/// </summary>
/// <typeparam name="TPrecision">The sketch's precision.</typeparam>
internal readonly struct ApproxDistinct<TPrecision> : IAggregate<ulong, HyperLogLogState, long>
    where TPrecision : IPrecision
{
    /// <summary>The aggregate over a kind, as data.</summary>
    public static AggregateFunction Describe(ValueKind kind)
    {
        SketchFunction sketch = SketchFunction.ApproxDistinct(TPrecision.Bits);
        string hashed = HashedAs(kind);
        return new AggregateFunction(
            "ApproxDistinct", typeof(ApproxDistinct<TPrecision>), new ScalarType(kind, false), typeof(HyperLogLogState), new ScalarType(ValueKind.Int64, false),
            [new StateColumn("", new ScalarType(ValueKind.Sketch, false), (in of) => $"{sketch.SqlName}(CAST({of.Input} AS {hashed})){of.Filter}")])
        {
            RelativeStandardError = 1.04 / Math.Sqrt(1 << TPrecision.Bits),
            Sketch = sketch,
        };
    }

    /// <inheritdoc/>
    public static void Add(ref HyperLogLogState state, ulong input, in EventStamp stamp) => state.Add(TPrecision.Bits, input);

    /// <inheritdoc/>
    public static long Result(in HyperLogLogState state) => (long)Math.Min(Math.Round(state.Estimate()), long.MaxValue);

    private static string HashedAs(ValueKind kind) => kind switch
    {
        ValueKind.String or ValueKind.Guid => "VARCHAR",
        ValueKind.Binary => "BLOB",
        ValueKind.Float32 or ValueKind.Float64 => "DOUBLE",
        ValueKind.UInt64 or ValueKind.Decimal => "DECIMAL(38,9)",
        _ => "BIGINT",
    };
}
