namespace LambdaCore.Log;

/// <summary>One group of events as it stands in the write-ahead log.</summary>
/// <param name="First">The position of its first event.</param>
/// <param name="Count">How many events it holds; 0 for a mark, which readers of the log never see.</param>
/// <param name="IngestedAtMicroseconds">When it was appended, since the Unix epoch.</param>
/// <param name="Payload">The encoded events; valid until the next frame is read.</param>
internal readonly record struct WriteAheadFrame(
    LogPosition First, int Count, long IngestedAtMicroseconds, ReadOnlyMemory<byte> Payload)
{
    /// <summary>The first position after the group.</summary>
    public LogPosition End => First.Plus(Count);

    /// <summary>Up to where the log was known to be durable when the frame was written.</summary>
    public LogPosition DurableEnd { get; init; }

    /// <summary>Whether it holds events or marks a state of the log.</summary>
    public WriteAheadFrameKind Kind { get; init; }

    /// <summary>The length of the whole frame in its file, in bytes.</summary>
    public long Length { get; init; }
}
