namespace LambdaCore;

/// <summary>What a compaction did. Immutable.</summary>
/// <param name="SegmentsBefore">How many segments the log had.</param>
/// <param name="SegmentsAfter">How many it has, with those that were sealed meanwhile.</param>
public sealed record CompactionReceipt(int SegmentsBefore, int SegmentsAfter);
