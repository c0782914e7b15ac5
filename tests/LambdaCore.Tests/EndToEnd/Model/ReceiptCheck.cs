using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Tests.EndToEnd.Model;

/// <summary>What a receipt must say about a store at rest.</summary>
internal static class ReceiptCheck
{
    /// <summary>Compares a receipt with what is known.</summary>
    /// <param name="asked">What was asked, for the message.</param>
    /// <param name="receipt">The receipt.</param>
    /// <param name="moment">The store and its events.</param>
    /// <param name="view">The view.</param>
    /// <param name="layers">The layers that were asked.</param>
    /// <param name="contributed">The layers that hold something of what was asked for; null if that is not known.</param>
    public static void Check(string asked, Receipt receipt, StoreMoment moment, string view, AnswerSource layers, AnswerSource? contributed)
    {
        long end = moment.Events.Count;
        LogRange expected = layers switch
        {
            AnswerSource.Batch => new LogRange(default, receipt.BatchEnd),
            AnswerSource.Speed => new LogRange(receipt.BatchEnd, new LogPosition(end)),
            _ => new LogRange(default, new LogPosition(end)),
        };
        Model.Check(receipt.Range == expected, $"{asked}: the receipt says {receipt.Range}, but it must be {expected}");
        Model.Check(receipt.BatchEnd.Value <= end, $"{asked}: the batch view ends at {receipt.BatchEnd}, after {end} events");
        if (moment.BatchEnds.TryGetValue(view, out long batchEnd))
        {
            Model.Check(receipt.BatchEnd.Value == batchEnd, $"{asked}: the batch view ends at {receipt.BatchEnd}, but a run ended at {batchEnd}");
        }

        if (contributed is { } sources)
        {
            Model.Check(receipt.Source == sources, $"{asked}: {receipt.Source} is said to have contributed, but it was {sources}");
        }

        DateTimeOffset? watermark = moment.Times.TimeOfWatermarkAt((int)receipt.Position.Value);
        Model.Check(receipt.Watermark == watermark, $"{asked}: the watermark is {receipt.Watermark:O}, but it must be at {watermark:O}");
        LateCounts late = moment.Times.Late((int)receipt.BatchEnd.Value, (int)receipt.Position.Value);
        Model.Check(receipt.Late == late, $"{asked}: late events are said to be {receipt.Late}, but they are {late}");
        int waiting = moment.Log.WaitingBefore(receipt.Position.Value);
        Model.Check(receipt.AmendmentsWaiting == waiting, $"{asked}: {receipt.AmendmentsWaiting} events are said to wait to amend others, but {waiting} do");
        bool readsLog = layers != AnswerSource.Batch && receipt.BatchEnd.Value < moment.LogAnsweredUpTo(view);
        LayerReceipt? fromLog = receipt.Layers.SingleOrDefault(l => l.Source == AnswerSource.Log);
        Model.Check(
            fromLog?.Range == (readsLog ? new LogRange(receipt.BatchEnd, new LogPosition(moment.LogAnsweredUpTo(view))) : null),
            $"{asked}: the log is said to give {fromLog}, with sealed events up to {moment.LogAnsweredUpTo(view)} read there, and batch views up to {receipt.BatchEnd}");
        long at = expected.Start.Value;
        foreach (LayerReceipt layer in receipt.Layers)
        {
            Model.Check(layer.Range.Start.Value == at, $"{asked}: the layers {string.Join(", ", receipt.Layers)} do not follow each other from {expected.Start}");
            at = layer.Range.End.Value;
        }

        Model.Check(at == expected.End.Value || receipt.Layers.Count == 0, $"{asked}: the layers {string.Join(", ", receipt.Layers)} do not end at {expected.End}");
    }

    /// <summary>An answer about a range of time is complete when events in order of time cannot change it any more.</summary>
    /// <param name="asked">What was asked, for the message.</param>
    /// <param name="receipt">The receipt.</param>
    /// <param name="end">The first time at which a window was not asked for.</param>
    /// <param name="windows">The windows; null if they are not of event time.</param>
    public static void CheckComplete(string asked, Receipt receipt, DateTimeOffset end, WindowAssigner? windows)
    {
        if (windows is null)
        {
            Model.Check(receipt.IsComplete is null, $"{asked}: said to be complete: {receipt.IsComplete}, but the windows are not of event time");
            return;
        }

        long lastEnd = windows.End(windows.Start(((end.UtcTicks - 1) / 10) - (DateTimeOffset.UnixEpoch.Ticks / 10)));
        bool complete = receipt.Watermark is { } watermark && UnixTime.FromDateTimeOffset(watermark) >= lastEnd;
        Model.Check(receipt.IsComplete == complete, $"{asked}: said to be complete: {receipt.IsComplete}, but the last window ends at {lastEnd} and the watermark is {receipt.Watermark:O}");
    }

    /// <summary>An answer about sessions is complete when the range of time and every session that was found in it are over.</summary>
    /// <param name="asked">What was asked, for the message.</param>
    /// <param name="receipt">The receipt.</param>
    /// <param name="end">The end of the range of time.</param>
    /// <param name="column">The column of the sessions.</param>
    /// <param name="found">The sessions whose keys were asked for.</param>
    /// <param name="isPart">Whether perhaps not all of them had to be looked at.</param>
    public static void CheckComplete(string asked, Receipt receipt, DateTimeOffset end, KeyColumn column, IEnumerable<ExpectedSession> found, bool isPart)
    {
        if (column.Scalar is not ColumnScalar { Property.Name: nameof(AnyEvent.At) })
        {
            Model.Check(receipt.IsComplete is null, $"{asked}: said to be complete: {receipt.IsComplete}, but the sessions are not of event time");
            return;
        }

        bool complete = receipt.Watermark is { } watermark && watermark >= end && found.All(s => s.End <= UnixTime.FromDateTimeOffset(watermark));
        Model.Check(
            receipt.IsComplete == complete || (isPart && receipt.IsComplete == true),
            $"{asked}: said to be complete: {receipt.IsComplete}, but with a watermark of {receipt.Watermark:O} it is {complete}");
    }
}
