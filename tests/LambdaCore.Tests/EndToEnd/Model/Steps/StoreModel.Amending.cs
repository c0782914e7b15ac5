namespace LambdaCore.Tests.EndToEnd.Model;

/// <summary>
/// Events that amend others: by their numbers, and of whatever was appended before. When the store comes to know that they do, is drawn; before, they are events like any other.
/// Batches run by hand then, so that it is known where raw events began when amendments were applied.
/// </summary>
internal sealed partial class StoreModel
{
    private bool _isAmending;
    private long _rawStart;

    /// <summary>How many events were amended.</summary>
    public long Amended { get; private set; }

    /// <summary>Appends events that amend others: some that there are, one of the same append, one that amends itself, or none that there is.</summary>
    [RandomStep(5)]
    public async Task AppendAmendmentsAsync()
    {
        MoveClock();
        AnyEvent[] batch = _source.Next(_random.Next(1, 12));
        for (int i = 0; i < batch.Length; i++)
        {
            batch[i] = batch[i] with { Amends = Amended(i) };
        }

        Tell($"append at {_log.Count}: {string.Join(", ", batch.Select(e => $"{e.Sequence} amends {e.Amends?.ToString() ?? "nothing"}"))}");
        AnyEvent[] kept = [.. batch.Select(e => e.WithOwnArrays())];
        LogRange at = await _store!.AppendAsync(batch);
        Model.Check(at.Start.Value == _log.Count && at.Count == batch.Length, $"{batch.Length} events got the range {at}, but {_log.Count} was next");
        Keep(kept);

        long? Amended(int number) => _random.Next(10) switch
        {
            0 => null,
            1 => -1 - _random.Next(3),
            2 => batch[_random.Next(number + 1)].Sequence,
            3 when number > 0 => batch[_random.Next(number)].Amends,
            _ when _log.Count == 0 => null,
            < 7 => _log.Appended(Math.Max(0, _log.Count - 1 - _random.Next(20))).Sequence,
            7 => _log.Appended(_random.Next(_log.Count)).Amends,
            _ => _log.Appended(_random.Next(_log.Count)).Sequence,
        };
    }

    /// <summary>Lets the store know, from now on, that events amend others.</summary>
    [WhenOpening]
    private void ChooseAmendments(LambdaStoreOptions<AnyEvent> options)
    {
        _isAmending |= _schedule.IsByHand && _random.Next(3) == 0;
        if (_isAmending)
        {
            Tell("  events amend others");
            options.Amendments(e => e.Sequence, e => e.Amends);
        }
    }

    /// <summary>Applies what a batch run has applied since this was called last.</summary>
    private void LearnAmendments()
    {
        if (!_isAmending)
        {
            return;
        }

        LambdaCore.Log.EventLog<AnyEvent> log = StoreInternals<AnyEvent>.Of(_store!).Log;
        LookWhatLogAnswers();
        if (log.Revision > _log.Revision)
        {
            foreach (LogChange change in log.ReadChanges().Where(c => c.Kind == LogChangeKind.Amendment && c.Revision > _log.Revision))
            {
                Tell($"  {change.Events} events amended, revision {change.Revision}");
                Amended += change.Events;
                _log.Amend(change, _rawStart, [.. _times.Rejected]);
            }
        }

        _rawStart = _store!.RawStart.Value;
    }

    /// <summary>Compares what a batch run says of amendments with what waited.</summary>
    private void CheckAmendments(BatchRun run)
    {
        int waiting = _log.WaitingBefore(run.End.Value);
        Model.Check(run.Amendments.Amending == waiting, $"a batch run says that it applied {run.Amendments}, but {waiting} waited");
    }
}
