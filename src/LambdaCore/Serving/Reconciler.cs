namespace LambdaCore.Serving;

/// <summary>Decides for each reading of one view how its layers become one answer. Thread-safe.</summary>
/// <param name="ofView">The reconciliation of questions that do not choose one.</param>
/// <param name="hasWindows">Whether the view's key has windows, or sessions, of event time.</param>
/// <param name="progress">How far the speed layer has come.</param>
/// <param name="sealedWatermark">Tells the watermark as of a batch end.</param>
/// <param name="lastBatchFailed">Tells whether the last batch run failed.</param>
/// <param name="clock">Tells the time.</param>
internal sealed class Reconciler(
    Reconciliation ofView, bool hasWindows, Progress progress, Func<LogPosition, long> sealedWatermark, Func<bool> lastBatchFailed, TimeProvider clock)
{
    private SealedWatermark? _known;

    /// <summary>Decides which layers to read.</summary>
    /// <param name="asked">The reconciliation that the question chooses; null for the view's.</param>
    /// <param name="layers">The layers that the question chooses.</param>
    /// <param name="consistency">How new the answer must be.</param>
    /// <param name="latest">The immutable layers; those that are read are these or newer ones.</param>
    public RowReconciliation Choose(Reconciliation? asked, AnswerSource layers, Consistency consistency, ServingSnapshot latest)
    {
        if (layers != AnswerSource.Merged)
        {
            return new RowReconciliation(null, layers);
        }

        Reconciliation used = asked ?? ofView;
        if (used.Mode != ReconciliationMode.Fallback)
        {
            return new RowReconciliation(used, AnswerSource.Merged);
        }

        RealTimeReason? reason = MissingOrBehind(latest, consistency)
            ?? (lastBatchFailed() ? RealTimeReason.BatchFailed : IsTooOld(latest, used.Duration) ? RealTimeReason.BatchTooOld : null);
        return new RowReconciliation(used, reason is null ? AnswerSource.Batch : AnswerSource.Merged, reason);
    }

    /// <summary>Decides by which watermark windows are closed, once the layers are captured.</summary>
    public void Settle(ref RowReconciliation how, Consistency consistency, ServingSnapshot captured)
    {
        if (!how.IsByWindow)
        {
            return;
        }

        how.Reason = !hasWindows ? RealTimeReason.NoWindow : MissingOrBehind(captured, consistency);
        if (how.Reason is null)
        {
            how.BatchWatermark = WatermarkOf(captured.End);
        }
    }

    private static RealTimeReason? MissingOrBehind(ServingSnapshot layers, Consistency consistency) =>
        layers.Batches.Count == 0 ? RealTimeReason.BatchMissing
        : layers.End < consistency.Position ? RealTimeReason.BatchBehind
        : null;

    /// <summary>A batch layer that lacks nothing is not old: a run with nothing new leaves it as it is.</summary>
    private bool IsTooOld(ServingSnapshot layers, TimeSpan maxAge) =>
        layers.End < progress.Position && clock.GetUtcNow() - layers.Batches[^1].ComputedAt > maxAge;

    private long WatermarkOf(LogPosition batchEnd)
    {
        // Only a batch run changes it, and every row asks.
        if (_known is not { } known || known.End != batchEnd)
        {
            _known = known = new SealedWatermark(batchEnd, sealedWatermark(batchEnd));
        }

        return known.Watermark;
    }

    private sealed record SealedWatermark(LogPosition End, long Watermark);
}
