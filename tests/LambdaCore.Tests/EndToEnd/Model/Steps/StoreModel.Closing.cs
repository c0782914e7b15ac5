using LambdaCore.Storage;
using LambdaCore.Tables;

namespace LambdaCore.Tests.EndToEnd.Model;

/// <summary>Ways in which a store comes to its end, and to a new beginning.</summary>
internal sealed partial class StoreModel
{
    /// <summary>Closes the store or lets it crash, now and then deletes what is not the truth, and opens it again, maybe with other views.</summary>
    [RandomStep(2)]
    public async Task ReopenAsync()
    {
        if (IsInMemory && _durability != Durability.None && _random.Next(3) == 0)
        {
            await CrashAsync();
        }
        else
        {
            await CloseAsync();
        }

        if (_random.Next(3) == 0)
        {
            DeleteDisposable();
        }

        await OpenAsync(Retains ? _views : RandomViews.Choose(_random));
    }

    /// <summary>Closes the store in good order.</summary>
    public async Task CloseAsync()
    {
        Tell("close");
        await _store!.DisposeAsync();
        Leave();
    }

    /// <summary>Kills the process, or cuts the power: what was acknowledged stays, to the level that was chosen.</summary>
    public async Task CrashAsync()
    {
        bool powerCut = _durability == Durability.Fsync && _random.Next(2) == 0;
        Tell(powerCut ? "cut the power" : "kill the process");
        InMemoryStorage left = powerCut ? _memory!.Crash(_random) : _memory!.Kill();
        try
        {
            // A dead storage refuses everything; closing only gives back memory and threads.
            await _store!.DisposeAsync();
        }
        catch (LambdaCoreException)
        {
        }

        _memory!.Dispose();
        _memory = left;
        Leave();
    }

    /// <summary>Deletes what is not the truth, while the store is closed.</summary>
    public void DeleteDisposable()
    {
        if (_memory is not null && !Retains && _random.Next(3) == 0)
        {
            string[] layers = [.. _known.Order().Select(v => $"views/{ViewFolder.NameOf(v)}/_lookup").SelectMany(f => _memory.List(f).Select(file => $"{f}/{file}"))];
            if (layers.Length > 0)
            {
                string layer = layers[_random.Next(layers.Length)];
                Tell($"delete {layer}");
                _memory.Delete(layer);
                return;
            }
        }

        bool batch = !Retains && _random.Next(3) > 0;
        bool speed = !batch || _random.Next(2) == 0;
        Tell($"delete {(batch ? "batch views" : "")} {(speed ? "speed states" : "")}");
        if (_folder is not null)
        {
            foreach (string folder in new[] { batch ? "views" : null, speed ? "speed" : null }.OfType<string>().Select(f => Path.Combine(_folder, f)).Where(Directory.Exists))
            {
                Directory.Delete(folder, recursive: true);
            }

            return;
        }

        List<string> folders = speed ? ["speed"] : [];
        if (batch)
        {
            folders.AddRange(_known.Select(v => $"views/{ViewFolder.NameOf(v)}").SelectMany(f => new[] { f, $"{f}/_delta_log", $"{f}/_lookup", $"{f}/_rebuild" }));
        }

        foreach (string folder in folders)
        {
            foreach (string file in _memory!.List(folder))
            {
                _memory.Delete($"{folder}/{file}");
            }
        }
    }

    /// <summary>Remembers what a store has counted that is closed.</summary>
    private void Leave()
    {
        Dropped = _store!.RawStart.Value;
        AuditedKeys += _store!.Drift.KeysCompared;
        _store = null;
        _knownRun = null;
    }
}
