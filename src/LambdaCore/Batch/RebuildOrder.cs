using LambdaCore.Views;

namespace LambdaCore.Batch;

/// <summary>What is to be computed anew, and who wants it why. Kept on disk until it is done, so that it goes on after a crash. Immutable.</summary>
internal sealed record RebuildOrder
{
    /// <summary>Tells this rebuild from all others.</summary>
    public required Guid Id { get; init; }

    /// <summary>Why.</summary>
    public required RebuildKind Kind { get; init; }

    /// <summary>The definition: another one has no use for what was computed.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>When it was ordered.</summary>
    public required DateTimeOffset OrderedAt { get; init; }

    /// <summary>The first start of a window that is computed anew; null for no bound.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>The first start of a window behind those that are computed anew; null for no bound.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Why, in words.</summary>
    public string? Reason { get; init; }

    /// <summary>Who.</summary>
    public string? By { get; init; }

    /// <summary>Whether the new states wait for somebody to let them serve.</summary>
    public bool SwapsByHand { get; init; }

    /// <summary>The windows that are computed anew; null for all rows.</summary>
    public WindowSpan? WindowsOf(ViewPlan plan) => WindowSpan.Of(plan, From, To);
}

/// <summary>What a finished part of a rebuild is: the states of a range, as a sorted run. Immutable.</summary>
/// <param name="Rebuild">The rebuild's id.</param>
/// <param name="Start">The first event.</param>
/// <param name="End">The first event behind.</param>
/// <param name="Revision">The revision of the log that was read.</param>
/// <param name="Size">The length of the file.</param>
internal sealed record RebuildPart(Guid Rebuild, long Start, long End, long Revision, long Size)
{
    /// <summary>The events.</summary>
    public LogRange Range => new(new LogPosition(Start), new LogPosition(End));
}
