using LambdaCore.CrashHost;
using NUnit.Framework;

namespace LambdaCore.Tests.Faults;

/// <summary>A store with some history, made once, of which each round takes a copy.</summary>
internal sealed class PreparedStore : IDisposable
{
    private readonly DirectoryInfo _root;
    private readonly string _tapes;
    private readonly FaultModel _model = new();
    private int _copies;

    private PreparedStore(string root)
    {
        _root = Directory.CreateDirectory(Path.Combine(root, $"lambdacore-faults-{Guid.NewGuid():N}"));
        _tapes = Directory.CreateTempSubdirectory("lambdacore-tapes-").FullName;
        Folder = Path.Combine(_root.FullName, "prepared");
    }

    private string Folder { get; }

    /// <summary>Makes it.</summary>
    /// <param name="root">A folder on the file system on which it shall be.</param>
    public static async Task<PreparedStore> MakeAsync(string root)
    {
        PreparedStore prepared = new(root);
        using Tape tape = Tape.Open(Path.Combine(prepared._tapes, "prepared"));
        using (StoreWork work = new(tape, 0, prepared.Folder, 0, 1))
        {
            await work.OnceAsync(["batch", "append", "batch", "append"]);
        }

        await prepared._model.CheckAsync(prepared.Folder, FaultLife.Of(0, 0, tape.Lines()));
        return prepared;
    }

    /// <summary>A copy for one round.</summary>
    /// <param name="root">Where; null for beside the original.</param>
    public StoreCopy Copy(string? root = null)
    {
        string name = $"copy-{_copies++}";
        string folder = Path.Combine(root ?? _root.FullName, name);
        foreach (string file in Directory.GetFiles(Folder, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(folder, Path.GetRelativePath(Folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        return new StoreCopy(folder, Path.Combine(_tapes, name), _model.Copy());
    }

    /// <summary>Lets a host do everything once without a fault, so that what it does the first time only is done.</summary>
    public async Task WarmAsync(FaultHost host, string[] phases)
    {
        StoreCopy store = Copy();
        using Tape tape = Tape.Open(store.TapePath);
        tape.IsStarted = true;
        await host.SendAsync(["once", store.TapePath, 1, 1, store.Folder, .. phases, "fork"]);
        Assert.That(await host.WaitAsync(tape, lines => lines[^1] == "0 ended", TimeSpan.FromMinutes(2)), Is.True, "The host came to no end without a fault.");
        FaultLife life = FaultLife.Of(1, 0, tape.Lines());
        Assert.That(life.Failures, Is.Empty);
        await store.Model.CheckAsync(store.Folder, life);
        store.Delete();
    }

    public void Dispose()
    {
        if (_root.Exists)
        {
            _root.Delete(recursive: true);
        }

        Directory.Delete(_tapes, recursive: true);
    }
}

/// <summary>One copy of a prepared store.</summary>
/// <param name="Folder">The store.</param>
/// <param name="TapePath">Where the host tells what it does.</param>
/// <param name="Model">What the store must hold.</param>
internal sealed record StoreCopy(string Folder, string TapePath, FaultModel Model)
{
    /// <summary>Deletes the store.</summary>
    public void Delete() => Directory.Delete(Folder, recursive: true);
}
