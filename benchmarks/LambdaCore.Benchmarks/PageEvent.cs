namespace LambdaCore.Benchmarks;

/// <summary>What a visitor of a web shop did.</summary>
public sealed record PageEvent(DateTimeOffset Timestamp, string EventType, string UserId, string? ProductId, double? Value);
