using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>A group of events that the log has made durable.</summary>
/// <typeparam name="TEvent">The event type.</typeparam>
internal readonly ref struct DurableGroup<TEvent>
{
    /// <summary>The events.</summary>
    public required ReadOnlySpan<TEvent> Events { get; init; }

    /// <summary>Their event times, in microseconds since the Unix epoch.</summary>
    public required ReadOnlySpan<long> Times { get; init; }

    /// <summary>The events that are not to be counted, by their index in the group, in order: those that wait for the batch, and those that were rejected.</summary>
    public required ReadOnlySpan<int> Skipped { get; init; }

    /// <summary>The position of the first event; the others follow.</summary>
    public required LogPosition First { get; init; }

    /// <summary>When the group was appended, in microseconds since the Unix epoch.</summary>
    public required long IngestedAt { get; init; }

    /// <summary>What the times of all events came to, from the beginning of the log to the end of the group.</summary>
    public required EventTimeTally Tally { get; init; }
}
