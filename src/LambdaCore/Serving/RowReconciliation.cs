using LambdaCore.Values;

namespace LambdaCore.Serving;

/// <summary>How one reading makes one row of two values, and how many rows it made in which way. A mutable struct: pass it by reference.</summary>
/// <param name="used">The reconciliation; null where one layer alone was asked for, so that there is nothing to reconcile.</param>
/// <param name="layers">The layers to read.</param>
/// <param name="reason">Why the batch value is not used, if the reconciliation would have preferred it.</param>
internal struct RowReconciliation(Reconciliation? used, AnswerSource layers, RealTimeReason? reason = null)
{
    private int _batchRows;
    private int _realTimeRows;
    private int _blendedRows;
    private int _withheldRows;

    /// <summary>The layers to read.</summary>
    public readonly AnswerSource Layers => layers;

    /// <summary>Whether the value of a row depends on the age of its window.</summary>
    public readonly bool IsByWindow => used is { Mode: ReconciliationMode.Replace or ReconciliationMode.Hybrid };

    /// <summary>Why the batch value is not used.</summary>
    public RealTimeReason? Reason { readonly get; set; } = reason;

    /// <summary>The event-time watermark as of the batch end, in microseconds since the Unix epoch; <see cref="long.MinValue"/> for none.</summary>
    public long BatchWatermark { readonly get; set; } = long.MinValue;

    /// <summary>The weight of the batch value in a row.</summary>
    /// <param name="windowEnd">The end of its window, in microseconds since the Unix epoch; null if it has none.</param>
    /// <param name="sources">The layers that hold something for it.</param>
    public readonly BatchShare ShareOf(long? windowEnd, AnswerSource sources)
    {
        if (layers == AnswerSource.Batch)
        {
            return BatchShare.All;
        }

        if (!IsByWindow || Reason is not null || windowEnd is not { } end)
        {
            return BatchShare.None;
        }

        return used!.Mode == ReconciliationMode.Replace ? (BatchWatermark >= end ? BatchShare.All : BatchShare.None)
            : sources.HasFlag(AnswerSource.Batch) ? BatchShare.OfAge(end, BatchWatermark, used.Duration)
            : BatchShare.None;
    }

    /// <summary>Counts a row that is in the answer.</summary>
    public void Count(BatchShare share) => _ = share.IsAll ? _batchRows++ : share.IsNone ? _realTimeRows++ : _blendedRows++;

    /// <summary>Counts a row that only late events have.</summary>
    public void CountWithheld() => _withheldRows++;

    /// <summary>The part of the receipt.</summary>
    public readonly ReconciliationReceipt? Receipt() => used is null ? null : new ReconciliationReceipt
    {
        Used = used,
        Reason = Reason,
        BatchWatermark = BatchWatermark == long.MinValue ? null : UnixTime.ToDateTimeOffset(BatchWatermark),
        BatchRows = _batchRows,
        RealTimeRows = _realTimeRows,
        BlendedRows = _blendedRows,
        WithheldRows = _withheldRows,
    };
}
