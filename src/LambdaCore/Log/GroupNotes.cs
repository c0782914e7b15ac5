namespace LambdaCore.Log;

/// <summary>What is written beside the events of a group. Immutable.</summary>
/// <param name="Times">What the times of the events came to.</param>
/// <param name="Producers">Up to where producers have come with it, each once; mostly none.</param>
internal sealed record GroupNotes(GroupTimes Times, IReadOnlyList<ProducerMark> Producers)
{
    /// <summary>Nothing to be remembered.</summary>
    public static GroupNotes None { get; } = new(new GroupTimes(long.MinValue, 0, 0, 0, []), []);
}
