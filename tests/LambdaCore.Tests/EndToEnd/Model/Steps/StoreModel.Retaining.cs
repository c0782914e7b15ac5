namespace LambdaCore.Tests.EndToEnd.Model;

/// <summary>Raw events that go, while no answer changes.</summary>
internal sealed partial class StoreModel
{
    private bool? _retains;

    /// <summary>How many raw events have gone.</summary>
    public long Dropped { get; private set; }

    /// <summary>
    /// Whether raw events may go. Then the store is always opened with the same views, and what they keep is not deleted: it is truth. Batches run by hand, so that nothing goes unseen.
    /// </summary>
    private bool Retains => _retains ??= _schedule.IsByHand && _random.Next(5) == 0;

    /// <summary>Lets the oldest raw events go.</summary>
    [RandomStep(3)]
    public async Task ApplyRetentionAsync()
    {
        if (!Retains || _diskFailed)
        {
            return;
        }

        LearnAmendments();
        LogPosition start = _store!.RawStart;
        RetentionRun run = await _store.ApplyRetentionAsync();
        Tell($"apply retention: {run}");
        LearnAmendments();
        string[] anew = [.. _views.Where(v => IsRebuilding(v) || RebuildOf(v) is not null).Select(v => v.Name)];
        Model.Check(run.WaitsFor.All(anew.Contains), $"retention waits for {string.Join(", ", run.WaitsFor)}, but the views are always the same, and only {string.Join(", ", anew)} are computed anew");
        Model.Check(run.RawStart == _store.RawStart && run.Events == run.RawStart.Value - start.Value, $"raw events began at {start} and begin at {_store.RawStart}, but the run says {run}");
        Model.Check(run.RawStart <= _store.SealedPosition, $"raw events begin at {run.RawStart}, but are sealed up to {_store.SealedPosition}");
        await AskAllAsync();
    }

    /// <summary>Chooses what may go.</summary>
    [WhenOpening]
    private void ChooseRetention(LambdaStoreOptions<AnyEvent> options)
    {
        if (Retains)
        {
            options.Retention = _random.Next(4) switch
            {
                0 => Retention.Forever,
                1 => Retention.Of(bytes: _random.Next(30_000)),
                2 => Retention.Of(TimeSpan.FromMinutes(_random.Next(500)), _random.Next(60_000)),
                _ => Retention.Of(TimeSpan.FromMinutes(_random.Next(1_000))),
            };
            Tell($"  raw events stay {options.Retention}");
        }
    }
}
