using System.Globalization;

namespace LambdaCore;

/// <summary>What an answer stands on.</summary>
public sealed record Receipt
{
    /// <summary>The layers that contributed to the answer.</summary>
    public required AnswerSource Source { get; init; }

    /// <summary>
    /// The events whose fold the answer is. It starts at zero, unless the speed view alone was asked for, or the view was added when retention had removed the
    /// first events already: then it starts at the <see cref="LambdaStore{TEvent}.RawStart"/> of that time. Only rows that
    /// <see cref="LambdaCore.Reconciliation.Replace"/> and <see cref="LambdaCore.Reconciliation.Hybrid"/> take from the batch, in whole or in part, count fewer of them; their
    /// <see cref="ViewEntry{TKey, TResult}.BatchWeight"/> says so.
    /// </summary>
    public required LogRange Range { get; init; }

    /// <summary>
    /// The end of <see cref="Range"/>: no row counts an event from it on, and every row counts all events before it, but for those with a
    /// <see cref="ViewEntry{TKey, TResult}.BatchWeight"/> under <see cref="LambdaCore.Reconciliation.Replace"/> and <see cref="LambdaCore.Reconciliation.Hybrid"/>: they
    /// count all events before <see cref="BatchEnd"/> only.
    /// </summary>
    public LogPosition Position => Range.End;

    /// <summary>Where the batch views end and what is newer begins: the speed view, or the log (<see cref="AnswerSource.Log"/>) up to the speed view.</summary>
    public required LogPosition BatchEnd { get; init; }

    /// <summary>
    /// The revision of the log's content that the answer is the fold of: it grows when events that are in the log already are corrected, amended or erased. 0 if that was
    /// never done. Until a view has followed such a change its answers are exact for the revision before.
    /// </summary>
    public required long Revision { get; init; }

    /// <summary>How the layers became one answer; null if one layer alone was asked for.</summary>
    public required ReconciliationReceipt? Reconciliation { get; init; }

    /// <summary>
    /// The watermark as of <see cref="Position"/>: the highest event time among the events before it, without those too far in the future, less the
    /// disorder that the store allows. Null before the first event. What comes with an earlier time is late.
    /// </summary>
    public required DateTimeOffset? Watermark { get; init; }

    /// <summary>
    /// What became of the late events from <see cref="BatchEnd"/> up to <see cref="Position"/>, in the whole store; those that wait are not in the answer yet.
    /// </summary>
    public required LateCounts Late { get; init; }

    /// <summary>
    /// How many events before <see cref="Position"/> amend others and wait for a batch run, so that neither they nor what they do to others is in the answer yet: see
    /// <see cref="LambdaStoreOptions{TEvent}.Amendments"/>. In an answer about the past it speaks of those that wait now.
    /// </summary>
    public long AmendmentsWaiting { get; init; }

    /// <summary>
    /// Whether the watermark has passed the end of the last window that was asked for, so that only late events can still change the answer.
    /// Null if the question had no end in time, or the windows are not of event time.
    /// </summary>
    public required bool? IsComplete { get; init; }

    /// <summary>The layers of the view, oldest first.</summary>
    public required IReadOnlyList<LayerReceipt> Layers { get; init; }

    /// <summary>The results that are estimates, and how good they are; empty if all are exact.</summary>
    public required IReadOnlyList<ColumnError> Errors { get; init; }

    /// <summary>The receipt in one line, for logs: source, range, each layer with its range, the revision if there was any change, watermark, late events, amendments that wait, and, if not by merging, how the layers became one.</summary>
    public override string ToString()
    {
        string layers = string.Join(" + ", Layers.Select(l => $"{l.Source} {l.Range}"));
        string watermark = Watermark?.ToString("O", CultureInfo.InvariantCulture) ?? "none";
        string late = Late == default ? "" : $", late {Late}";
        string amending = AmendmentsWaiting == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {AmendmentsWaiting} amendments waiting");
        string complete = IsComplete switch { true => ", complete", false => ", not complete", null => "" };
        string how = Reconciliation is null || Reconciliation.Used == LambdaCore.Reconciliation.Merge ? "" : $", {Reconciliation}";
        return $"{Source} {Range} = {layers}{(Revision == 0 ? "" : $", revision {Revision}")}, watermark {watermark}{late}{amending}{complete}{how}";
    }
}
