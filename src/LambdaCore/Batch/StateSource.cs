using LambdaCore.Log;

namespace LambdaCore.Batch;

/// <summary>What states are computed from, and which.</summary>
/// <param name="Segments">The segments that hold a range of sealed events, each sound.</param>
/// <param name="Only">The keys to compute, exactly; null for all.</param>
/// <param name="Windows">The windows whose rows are wanted; null for all rows.</param>
internal sealed record StateSource(Func<LogRange, MaterialisedSegments> Segments, EventRestriction? Only = null, WindowSpan? Windows = null);
