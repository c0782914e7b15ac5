namespace LambdaCore.Tests.EndToEnd.Model;

/// <summary>Events are erased.</summary>
internal sealed partial class StoreModel
{
    /// <summary>Erases the events of a range of numbers, or none.</summary>
    [RandomStep(2)]
    public async Task EraseAsync()
    {
        if (_diskFailed)
        {
            return;
        }

        long first = _random.Next(_log.Count + 1);
        long end = first + _random.Next(1 << _random.Next(7));
        Tell($"erase the events with numbers from {first} to {end}");
        long rawStart = _store!.RawStart.Value;
        ErasureReceipt receipt = await _store.EraseAsync(e => e.Sequence >= first && e.Sequence < end, "a random sequence", "the model");
        LearnAmendments();
        Dictionary<int, AnyEvent?> erased = [];
        foreach ((int position, AnyEvent? e) in _log.Current.Index().Where(e => e.Index >= rawStart && e.Item is not null && first <= e.Item.Sequence && e.Item.Sequence < end))
        {
            erased[position] = null;
        }

        Tell($"  {receipt.Events} and {receipt.RejectedEvents} rejected, revision {receipt.Revision}");
        Model.Check(receipt.Events + receipt.RejectedEvents == erased.Count, $"{receipt.Events} and {receipt.RejectedEvents} events were erased, not {erased.Count}");
        Model.Check(receipt.Position.Value == _log.Count, $"an erasure looked at the events before {receipt.Position}, not {_log.Count}");
        Model.Check(receipt.Unfinished.Count == 0, $"an erasure was not finished: {string.Join(" ", receipt.Unfinished)}");
        if (receipt.Events > 0)
        {
            _log.Change(receipt.Revision, _clock.GetUtcNow(), erased);
        }
        else
        {
            _log.EraseRejected(erased.Keys);
        }

        _knownRun = _store.BatchStatus.LastRun;
        _lastBatchFailed = false;
        LookWhatLogAnswers();
        if (_schedule.IsByHand)
        {
            foreach (ModelView view in _views.Where(v => !IsRebuilding(v)))
            {
                _batchEnds[view.Name] = _log.Count;
            }
        }
    }
}
