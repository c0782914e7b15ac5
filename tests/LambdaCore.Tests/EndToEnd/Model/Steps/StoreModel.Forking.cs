using LambdaCore.Storage;

namespace LambdaCore.Tests.EndToEnd.Model;

/// <summary>Forks: the store goes on as its own fork, or beside it.</summary>
internal sealed partial class StoreModel
{
    /// <summary>Forks the store and goes on with the fork, after the store itself is closed and deleted.</summary>
    [RandomStep(1)]
    public async Task GoOnAsForkAsync()
    {
        if (await ForkAsync() is not { } fork)
        {
            return;
        }

        await CloseAsync();
        DeleteStore();
        (_folder, _memory) = fork;
        Tell("go on as the fork; the store itself is deleted");
        await OpenAsync(Retains || _random.Next(2) == 0 ? _views : RandomViews.Choose(_random));
        await AskAllAsync();
    }

    /// <summary>Forks the store, lets the fork have a future of its own, deletes it, and goes on with the store.</summary>
    [RandomStep(1)]
    public async Task GoOnBesideForkAsync()
    {
        if (await ForkAsync() is not { } fork)
        {
            return;
        }

        StoreModel other = CopyOf(fork);
        Tell("  the fork:");
        try
        {
            await other.OpenAsync(Retains || _random.Next(2) == 0 ? _views : RandomViews.Choose(_random));
            await other.AskAllAsync();
            for (int steps = _random.Next(4); steps > 0; steps--)
            {
                await other.AppendBatchAsync();
                await AppendBatchAsync();
                await (_random.Next(2) == 0 ? other : this).RunBatchAsync();
                await other.AskAsync();
                await AskAsync();
            }

            await other.AskAllAsync();
            other.CheckHealth();
        }
        finally
        {
            await other.DisposeAsync();
        }

        Tell("  the fork is deleted");
        await AskAllAsync();
    }

    /// <summary>Forks the store as it is.</summary>
    /// <returns>Where the fork is; null if the disk has failed before, so that there can be none.</returns>
    private async Task<(string? Folder, InMemoryStorage? Memory)?> ForkAsync()
    {
        Tell($"fork at {_log.Count}");
        string target = _folder is null ? "fork" : Directory.CreateTempSubdirectory("lambdacore-e2e-").FullName;
        try
        {
            LogPosition end = await _store!.ForkAsync(target);
            Model.Check(end.Value == _log.Count, $"the fork ends at {end}, but {_log.Count} events were acknowledged");
        }
        catch (LambdaCoreException error) when (_diskFailed)
        {
            Tell($"  it failed, as the disk did earlier: {error.Message}");
            return null;
        }

        return _folder is null ? (null, _memory!.TakeFork(target)!) : (target, null);
    }

    /// <summary>A model of a fork: whatever changes when a store is used is its own. A part of the model that has such things copies them here.</summary>
    private StoreModel CopyOf((string? Folder, InMemoryStorage? Memory) fork)
    {
        StoreModel copy = (StoreModel)MemberwiseClone();
        (copy._folder, copy._memory) = fork;
        copy._store = null;
        copy._knownRun = null;
        copy._log = _log.Copy();
        copy._times = _times.Copy();
        copy._batchEnds = [];
        copy._known = [.. _known];
        copy._lastSequences = new Dictionary<string, long>(_lastSequences);
        return copy;
    }

    private void DeleteStore()
    {
        _memory?.Dispose();
        if (_folder is not null)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }
}
