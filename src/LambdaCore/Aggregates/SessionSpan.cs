namespace LambdaCore.Aggregates;

/// <summary>One session of two sets together: when it was, and which sessions of either it is made of, half-open.</summary>
/// <param name="First">The time of its first event, in microseconds since the Unix epoch.</param>
/// <param name="Last">The time of its last event.</param>
/// <param name="LeftStart">The first session of the left set.</param>
/// <param name="LeftEnd">The session behind the last one of the left set.</param>
/// <param name="RightStart">The first session of the right set.</param>
/// <param name="RightEnd">The session behind the last one of the right set.</param>
internal readonly record struct SessionSpan(long First, long Last, int LeftStart, int LeftEnd, int RightStart, int RightEnd);
