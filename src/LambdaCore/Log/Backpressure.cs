namespace LambdaCore;

/// <summary>What <c>AppendAsync</c> does while the queue in front of the log is full.</summary>
public enum Backpressure
{
    /// <summary>It waits, asynchronously, until there is room.</summary>
    Wait = 0,

    /// <summary>It throws <see cref="LogOverloadedException"/> at once; nothing was appended.</summary>
    Fail = 1,
}
