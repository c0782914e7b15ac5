using System.Globalization;

namespace LambdaCore;

/// <summary>What a rebuild is about.</summary>
public enum RebuildPhase
{
    /// <summary>It waits for its turn: one rebuild is at work at a time.</summary>
    Waiting,

    /// <summary>The states of the events are being computed, step by step.</summary>
    Computing,

    /// <summary>What was computed is being merged into a layer.</summary>
    Merging,

    /// <summary>The new states are ready, and wait for <see cref="ViewRebuild.SwapAsync"/>.</summary>
    Ready,

    /// <summary>What has come meanwhile is being computed, and the new layers take the place of the old ones.</summary>
    Swapping,

    /// <summary>The new layers serve.</summary>
    Done,

    /// <summary>It was cancelled; the view answers as before.</summary>
    Cancelled,

    /// <summary>It has given up, because nothing but opening the store again can help; there it goes on. <see cref="RebuildStatus.LastFailure"/> says why.</summary>
    Stopped,
}

/// <summary>How a rebuild fares, at one moment. Immutable.</summary>
public sealed record RebuildStatus
{
    internal RebuildStatus()
    {
    }

    /// <summary>The view.</summary>
    public required string View { get; init; }

    /// <summary>Tells the rebuild from all others.</summary>
    public required Guid Id { get; init; }

    /// <summary>Why the view is computed anew.</summary>
    public required RebuildKind Kind { get; init; }

    /// <summary>Why, in the words of who asked for it; null for a new definition.</summary>
    public string? Reason { get; init; }

    /// <summary>Who asked for it; null if nobody was named.</summary>
    public string? By { get; init; }

    /// <summary>When it was ordered.</summary>
    public required DateTimeOffset OrderedAt { get; init; }

    /// <summary>The first start of a window that is computed anew; null for no bound.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>The first start of a window behind those that are computed anew; null for no bound.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>What it is about.</summary>
    public RebuildPhase Phase { get; internal init; }

    /// <summary>Whether it pauses: no step begins.</summary>
    public bool IsPaused { get; internal init; }

    /// <summary>How many events are computed; those of an earlier opening of the store included.</summary>
    public long Events { get; internal init; }

    /// <summary>How many events are to be computed, as far as it is known.</summary>
    public long TotalEvents { get; internal init; }

    /// <summary>About how long computing the rest will take, rests included; null while nothing can be said.</summary>
    public TimeSpan? Remaining { get; internal init; }

    /// <summary>The error of the last step that failed; null if none has failed since the store was opened.</summary>
    public Exception? LastFailure { get; internal init; }

    /// <summary>How many steps have failed since one succeeded.</summary>
    public int ConsecutiveFailures { get; internal init; }

    /// <summary>When a step that failed is tried again; null if none waits for that.</summary>
    public DateTimeOffset? NextAttempt { get; internal init; }

    /// <summary>The status in one line.</summary>
    public override string ToString()
    {
        string why = Kind == RebuildKind.NewDefinition ? "its definition is new" : Reason ?? "";
        string failure = LastFailure is { } error && ConsecutiveFailures > 0 ? $"; failed: {error.Message}" : "";
        return string.Create(
            CultureInfo.InvariantCulture, $"view {View} is computed anew ({why}): {Phase}{(IsPaused ? ", paused" : "")}, {Events:N0} of {TotalEvents:N0} events{failure}");
    }
}
