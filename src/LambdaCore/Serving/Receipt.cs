using System.Globalization;

namespace LambdaCore;

/// <summary>What an answer stands on.</summary>
public sealed record Receipt
{
    /// <summary>The layers that contributed to the answer.</summary>
    public required AnswerSource Source { get; init; }

    /// <summary>
    /// The events whose fold the answer is. It starts at zero, unless the speed view alone was asked for.
    /// </summary>
    public required LogRange Range { get; init; }

    /// <summary>The end of <see cref="Range"/>: the answer counts every event before it, and none from it on.</summary>
    public LogPosition Position => Range.End;

    /// <summary>Where the batch views end and the speed view begins.</summary>
    public required LogPosition BatchEnd { get; init; }

    /// <summary>The highest event time among the events before <see cref="Position"/>, or earlier; null before the first event.</summary>
    public required DateTimeOffset? Watermark { get; init; }

    /// <summary>
    /// Whether the watermark has passed the end of the last window that was asked for, so that only late events can still change the answer.
    /// Null if the question had no end in time, or the windows are not of event time.
    /// </summary>
    public required bool? IsComplete { get; init; }

    /// <summary>The layers of the view, oldest first.</summary>
    public required IReadOnlyList<LayerReceipt> Layers { get; init; }

    /// <summary>The results that are estimates, and how good they are; empty if all are exact.</summary>
    public required IReadOnlyList<ColumnError> Errors { get; init; }

    /// <summary>The receipt in one line, for logs: source, range, and each layer with its range.</summary>
    public override string ToString() =>
        $"{Source} {Range} = {string.Join(" + ", Layers.Select(l => $"{l.Source} {l.Range}"))}, watermark {Watermark?.ToString("O", CultureInfo.InvariantCulture) ?? "none"}{(IsComplete is { } complete ? complete ? ", complete" : ", not complete" : "")}";
}
