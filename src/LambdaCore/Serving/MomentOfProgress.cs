using LambdaCore.Values;

namespace LambdaCore.Serving;

/// <summary>What the times of the events before a position came to.</summary>
/// <param name="Position">The end of a group.</param>
/// <param name="Tally">What they came to.</param>
internal sealed record EventTimes(LogPosition Position, EventTimeTally Tally);

/// <summary>
/// The progress of a moment in which the speed layer stood still: at that moment the last group that was announced either is applied, or is the one to be
/// applied next. So the tally of what the speed layer holds is known exactly, without another lock.
/// </summary>
/// <param name="Announced">As announced last.</param>
/// <param name="Applied">As applied last, or a group before.</param>
internal readonly record struct MomentOfProgress(EventTimes Announced, EventTimes Applied)
{
    /// <summary>What the times of the events came to that the speed layer held at that moment.</summary>
    /// <param name="position">Their end.</param>
    public EventTimeTally TallyAt(LogPosition position) =>
        Announced.Position == position ? Announced.Tally
        : Applied.Position == position ? Applied.Tally
        : throw new InvalidOperationException($"The speed layer stands at {position}, but the log was applied up to {Applied.Position} and announced up to {Announced.Position}.");
}
