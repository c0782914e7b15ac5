namespace LambdaCore;

/// <summary>What an acknowledgement of <c>AppendAsync</c> promises about a crash.</summary>
public enum Durability
{
    /// <summary>The event is on the medium: it survives a power cut. One flush serves all events that wait for it.</summary>
    Fsync = 0,

    /// <summary>The event was handed to the operating system: it survives a crash of the process, not a power cut.</summary>
    Buffered = 1,

    /// <summary>The event was accepted and has its position: a crash of the process may lose the newest events, never a middle one.</summary>
    None = 2,
}
