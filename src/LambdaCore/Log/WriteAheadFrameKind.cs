namespace LambdaCore.Log;

/// <summary>What a frame of the write-ahead log is.</summary>
internal enum WriteAheadFrameKind : byte
{
    /// <summary>A group of events.</summary>
    Group = 0,

    /// <summary>No events: everything before it is durable. Written when the log is closed and after recovery.</summary>
    Durable = 1,

    /// <summary>No events: everything before it is durable, and the log goes on in the next file, which exists.</summary>
    Rolled = 2,
}
