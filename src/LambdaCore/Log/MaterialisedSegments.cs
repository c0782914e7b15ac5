namespace LambdaCore.Log;

/// <summary>Sound segments of the master dataset, where DuckDB can read them.</summary>
/// <param name="Range">The events that they hold; all of them.</param>
/// <param name="Paths">Their physical paths, in the order of the log.</param>
internal sealed record MaterialisedSegments(LogRange Range, IReadOnlyList<string> Paths);
