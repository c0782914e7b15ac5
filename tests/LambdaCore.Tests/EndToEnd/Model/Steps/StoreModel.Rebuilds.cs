namespace LambdaCore.Tests.EndToEnd.Model;

/// <summary>
/// Views that are computed anew in the background. They are held until a step lets them go on, so that it is known when their layers serve.
/// </summary>
internal sealed partial class StoreModel
{
    /// <summary>Draws how views are computed anew.</summary>
    [WhenOpening]
    public void ChooseRebuilds(LambdaStoreOptions<AnyEvent> options)
    {
        options.HoldsRebuilds = true;
        options.Rebuilds = new RebuildOptions
        {
            InBackground = _random.Next(3) > 0,
            FoldedAtOpening = _random.Next(3) == 0 ? _random.Next(100) : 0,
            StepEvents = 1 + _random.Next(1 << _random.Next(8)),
            Share = 1,
        };
    }

    /// <summary>Begins to compute a view anew, all of it or some windows.</summary>
    [RandomStep(2)]
    public async Task ReprocessAsync()
    {
        ModelView view = _views[_random.Next(_views.Count)];
        if (_diskFailed || RebuildOf(view) is not null)
        {
            return;
        }

        DateTimeOffset? from = _random.Next(2) == 0 ? null : _source.AnyTime();
        DateTimeOffset? to = _random.Next(2) == 0 ? null : _source.AnyTime();
        (from, to) = from >= to ? (to, from == to ? null : from) : (from, to);
        Tell($"reprocess {view.Name} from {from:O} to {to:O}");
        ViewRebuild rebuild = await view.ReprocessAsync(_store!, from, to);
        Model.Check(rebuild.Status is { Kind: RebuildKind.Reprocessing, IsPaused: true }, $"a rebuild began as {rebuild.Status}");
        if (_random.Next(2) == 0)
        {
            await CompleteAsync(view, rebuild);
        }
    }

    /// <summary>Lets a rebuild that is held come to its end, or cancels it.</summary>
    [RandomStep(3)]
    public async Task GoOnWithRebuildAsync()
    {
        if (_views.FirstOrDefault(v => RebuildOf(v) is not null) is not { } view || _diskFailed)
        {
            return;
        }

        ViewRebuild rebuild = RebuildOf(view)!;
        if (rebuild.Status.Kind == RebuildKind.Reprocessing && _random.Next(6) == 0)
        {
            Tell($"cancel the rebuild of {view.Name}");
            await rebuild.CancelAsync();
            return;
        }

        await CompleteAsync(view, rebuild);
    }

    /// <summary>Lets a rebuild take a few steps, and closes or kills the store then.</summary>
    [RandomStep(1)]
    public async Task InterruptRebuildAsync()
    {
        if (_views.FirstOrDefault(v => RebuildOf(v) is not null) is not { } view || _diskFailed)
        {
            return;
        }

        Tell($"let the rebuild of {view.Name} go on for a moment");
        RebuildOf(view)!.Resume();
        _batchEnds.Clear();
        await Task.Delay(_random.Next(30));
        if (IsInMemory && _durability != Durability.None && _random.Next(2) == 0)
        {
            await CrashAsync();
        }
        else
        {
            await CloseAsync();
        }

        await OpenAsync(!Retains && _random.Next(3) == 0 ? RandomViews.Choose(_random) : [.. _views]);
    }

    private async Task CompleteAsync(ModelView view, ViewRebuild rebuild)
    {
        Tell($"complete {rebuild.Status}");
        bool isOvertaken = rebuild.Status.Kind == RebuildKind.NewDefinition && !IsRebuilding(view);
        rebuild.Resume();
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(120));
        await rebuild.Completion.WaitAsync(limit.Token);
        if (_schedule.IsByHand && !isOvertaken)
        {
            _batchEnds[view.Name] = _log.Count;
        }

        Model.Check(!IsRebuilding(view), $"view {view.Name} is still being computed anew");
        await view.CheckAllAsync(Moment);
    }

    private ViewRebuild? RebuildOf(ModelView view) =>
        _store!.Rebuilds.FirstOrDefault(r => r.View == view.Name && r.Status.Phase is not (RebuildPhase.Done or RebuildPhase.Cancelled));

    private bool IsRebuilding(ModelView view) => StoreInternals<AnyEvent>.Of(_store!).ViewsByName[view.Name].IsRebuilding;
}
