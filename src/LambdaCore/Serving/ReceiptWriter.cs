using LambdaCore.Aggregates;
using LambdaCore.Batch;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Serving;

/// <summary>Writes the receipts of one view's answers. Thread-safe.</summary>
internal sealed class ReceiptWriter
{
    private readonly Progress _progress;
    private readonly Func<LogPosition, EventTimeTally> _sealedTally;
    private readonly Func<LogPosition> _amendedEnd;
    private readonly TimeProvider _clock;
    private readonly ColumnError[] _errors;
    private readonly WindowAssigner? _windows;
    private readonly bool _hasSessions;

    /// <summary>Creates a writer.</summary>
    /// <param name="plan">The view.</param>
    /// <param name="windows">The windows of event time in its key; null if there are none.</param>
    /// <param name="hasSessions">Whether its key has sessions of event time.</param>
    /// <param name="progress">How far the speed layer has come.</param>
    /// <param name="sealedTally">Tells what the times of the events up to the end of a batch came to.</param>
    /// <param name="amendedEnd">Tells the end of the events of which none waits to amend others.</param>
    /// <param name="clock">Tells the time.</param>
    public ReceiptWriter(ViewPlan plan, WindowAssigner? windows, bool hasSessions, Progress progress, Func<LogPosition, EventTimeTally> sealedTally, Func<LogPosition> amendedEnd, TimeProvider clock)
    {
        _windows = windows;
        _hasSessions = hasSessions;
        _progress = progress;
        _sealedTally = sealedTally;
        _amendedEnd = amendedEnd;
        _clock = clock;
        _errors = [.. plan.Aggregates
            .Where(a => a.Function.Error is not null)
            .Select(a => new ColumnError(a.Columns[0].Name, a.Function.Name, a.Function.Error!.Value.Kind, a.Function.Error.Value.Size))];
    }

    /// <summary>Writes a receipt.</summary>
    /// <param name="reading">What was seen.</param>
    /// <param name="how">How the layers became rows.</param>
    /// <param name="askedUntil">The first time at which a window was not asked for, in microseconds since the Unix epoch; null if there is none.</param>
    /// <param name="lastSessionEnd">The end of the last session that was found; of no meaning without sessions.</param>
    public Receipt Write(in LayerReading reading, in RowReconciliation how, long? askedUntil, long lastSessionEnd)
    {
        AnswerSource layers = how.Layers;
        LogPosition batchEnd = reading.Snapshot.End;
        EventTimeTally atBatchEnd = _sealedTally(batchEnd);
        EventTimeTally atEnd = layers == AnswerSource.Batch ? atBatchEnd : reading.Progress.TallyAt(reading.Position);
        DateTimeOffset now = _clock.GetUtcNow();
        List<LayerReceipt> receipts = new(reading.Snapshot.Batches.Count + 1);
        if (layers.HasFlag(AnswerSource.Batch))
        {
            foreach (BatchView batch in reading.Snapshot.Batches)
            {
                receipts.Add(new LayerReceipt(
                    AnswerSource.Batch, batch.Range, reading.Contributed.HasFlag(AnswerSource.Batch), Positive(now - batch.ComputedAt)));
            }
        }

        if (layers.HasFlag(AnswerSource.Speed))
        {
            if (!reading.InLog.IsEmpty)
            {
                receipts.Add(new LayerReceipt(AnswerSource.Log, reading.InLog, reading.Contributed.HasFlag(AnswerSource.Log), null));
            }

            long ingested = _progress.LastIngestedAt;
            bool empty = reading.Position == reading.SpeedStart || ingested == long.MinValue;
            receipts.Add(new LayerReceipt(
                AnswerSource.Speed,
                new LogRange(reading.SpeedStart, reading.Position),
                reading.Contributed.HasFlag(AnswerSource.Speed),
                empty ? null : Positive(now - UnixTime.ToDateTimeOffset(ingested))));
        }

        return new Receipt
        {
            Source = reading.Contributed,
            Range = layers switch
            {
                AnswerSource.Batch => new LogRange(reading.Snapshot.Start, batchEnd),
                AnswerSource.Speed => new LogRange(batchEnd, reading.Position),
                _ => new LogRange(reading.Snapshot.Start, reading.Position),
            },
            BatchEnd = batchEnd,
            Revision = reading.Revision,
            Reconciliation = how.Receipt(),
            Watermark = EventTimeStatus.Time(atEnd.Watermark),
            Late = LateCounts.Between(atBatchEnd, atEnd),
            AmendmentsWaiting = AmendmentsWaiting(atEnd),
            IsComplete = IsComplete(atEnd, askedUntil, lastSessionEnd),
            Layers = receipts,
            Errors = _errors,
        };
    }

    /// <summary>Writes the receipt of an answer from the log as it was.</summary>
    /// <param name="reading">What was read.</param>
    /// <param name="archive">The archive layers over what has gone before, oldest first.</param>
    /// <param name="start">The first event that counts.</param>
    /// <param name="contributed">What held anything that was asked for.</param>
    /// <param name="askedUntil">The first time at which a window was not asked for, in microseconds since the Unix epoch; null if there is none.</param>
    /// <param name="lastSessionEnd">The end of the last session that was found; of no meaning without sessions.</param>
    public Receipt Write(in PastReading reading, IReadOnlyList<BatchView> archive, LogPosition start, AnswerSource contributed, long? askedUntil, long lastSessionEnd)
    {
        DateTimeOffset now = _clock.GetUtcNow();
        IEnumerable<LayerReceipt> archived = archive.Select(l => new LayerReceipt(AnswerSource.Batch, l.Range, contributed.HasFlag(AnswerSource.Batch), Positive(now - l.ComputedAt)));
        return new Receipt
        {
            Source = contributed,
            Range = new LogRange(start, reading.End),
            BatchEnd = reading.End,
            Revision = reading.Revision,
            Reconciliation = null,
            Watermark = EventTimeStatus.Time(reading.Tally.Watermark),
            Late = default,
            AmendmentsWaiting = AmendmentsWaiting(reading.Tally),
            IsComplete = IsComplete(reading.Tally, askedUntil, lastSessionEnd),
            Layers = [.. archived, new LayerReceipt(AnswerSource.Log, new LogRange(reading.Start, reading.End), contributed.HasFlag(AnswerSource.Log), null)],
            Errors = _errors,
        };
    }

    /// <summary>One row of an answer.</summary>
    public ViewEntry<TKey, TResult> EntryOf<TEvent, TKey, TResult, TRow>(
        ViewProgram<TEvent, TKey, TResult, TRow> program, TKey key, in MadeRow<TResult> row, Receipt receipt)
        where TRow : struct, IState<TRow> => new(key, row.Result, receipt)
        {
            Source = row.Sources,
            BatchWeight = row.Share.ToDouble(),
            IsComplete = IsComplete(receipt, program.WindowStart?.Invoke(key), row.SessionEnd),
        };

    private bool? IsComplete(in EventTimeTally atEnd, long? askedUntil, long lastSessionEnd) => askedUntil is not { } end ? null
        : _windows is not null ? atEnd.Watermark >= _windows.End(_windows.Start(end - 1))
        : _hasSessions ? atEnd.Watermark >= Math.Max(end, lastSessionEnd)
        : null;

    /// <summary>Whether the watermark has passed the end of a row's window or session.</summary>
    /// <param name="receipt">The receipt of the answer, which has the watermark.</param>
    /// <param name="windowStart">Where the row's window starts, in microseconds since the Unix epoch; null if it has none.</param>
    /// <param name="sessionEnd">The end of the row's session; null if it has none.</param>
    /// <returns>Null if the row has no window of event time.</returns>
    private bool? IsComplete(Receipt receipt, long? windowStart, long? sessionEnd)
    {
        long? end = windowStart is { } start && _windows is not null ? _windows.End(start) : _hasSessions ? sessionEnd : null;
        return end is null ? null : receipt.Watermark is { } watermark && UnixTime.FromDateTimeOffset(watermark) >= end;
    }

    /// <summary>How many events amend others and wait; mostly none ever did.</summary>
    private long AmendmentsWaiting(in EventTimeTally atEnd) =>
        atEnd.Amending == 0 ? 0 : Math.Max(0, atEnd.Amending - _sealedTally(_amendedEnd()).Amending);

    /// <summary>A clock may be set back; an age is never negative.</summary>
    private static TimeSpan Positive(TimeSpan age) => age < TimeSpan.Zero ? TimeSpan.Zero : age;
}
