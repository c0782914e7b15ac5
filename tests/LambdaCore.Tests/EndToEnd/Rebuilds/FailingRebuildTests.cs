using LambdaCore.Storage;
using LambdaCore.Tests.Values;
using NUnit.Framework;
using static LambdaCore.Tests.EndToEnd.Rebuilds.Ride;

namespace LambdaCore.Tests.EndToEnd.Rebuilds;

/// <summary>Whatever the disk refuses a rebuild, the view answers as before, a later attempt brings it to its end, and nothing is left behind.</summary>
[TestFixture]
internal sealed class FailingRebuildTests
{
    private const int Sealed = 250;
    private const int Appended = 280;

    /// <summary>Every so manieth call is refused; each takes a store.</summary>
    private static readonly int Stride = Environment.GetEnvironmentVariable("LAMBDACORE_SEQUENCES") is null ? 6 : 1;

    private InMemoryStorage _filled = null!;

    [OneTimeSetUp]
    public async Task FillAsync()
    {
        _filled = new InMemoryStorage();
        await NewDefinitionTests.FillAsync(_filled, Sealed, o => o.AddView(Hourly));
    }

    [OneTimeTearDown]
    public void DisposeFilled() => _filled.Dispose();

    [Test]
    public async Task A_rebuild_comes_to_its_end_whichever_of_its_calls_is_refused([Values] bool ofWindows)
    {
        int calls = await RebuildAsync(0, ofWindows);
        Assert.That(calls, Is.GreaterThan(20));
        Random random = Seed.Random(out _);
        for (int refused = 1 + random.Next(Stride); refused <= calls; refused += Stride)
        {
            _ = await RebuildAsync(refused, ofWindows);
        }
    }

    /// <summary>Computes the view anew, while one call is refused; 0 for none.</summary>
    /// <returns>How many calls there were.</returns>
    private async Task<int> RebuildAsync(int refused, bool ofWindows)
    {
        SimulatedClock clock = new();
        using InMemoryStorage disk = _filled.AfterKill();
        await using LambdaStore<Ride> store = Open(disk, o =>
        {
            o.AddView(Hourly);
            o.TimeProvider = clock;
        });
        await store.AppendAsync(Range(Sealed, Appended - Sealed));
        int calls = 0;
        bool wasRefused = false;
        disk.BeforeCall = call =>
        {
            if (call.Path.StartsWith("views/", StringComparison.Ordinal) && Interlocked.Increment(ref calls) == refused)
            {
                wasRefused = true;
                throw new StorageException($"The disk refuses {call.Operation} of '{call.Path}'.");
            }
        };
        ViewRebuild rebuild;
        try
        {
            rebuild = await OrderAsync();
        }
        catch (StorageException)
        {
            Assert.That(store.Rebuilds, Is.Empty, $"call {refused}: an order that could not be kept is none");
            rebuild = await OrderAsync();
        }

        while (!rebuild.Completion.IsCompleted)
        {
            await NewDefinitionTests.CheckAsync(store, Appended);
            await Task.WhenAny(rebuild.Completion, Task.Delay(2));
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        await rebuild.Completion;
        disk.BeforeCall = null;
        Assert.That(wasRefused, Is.EqualTo(refused > 0), $"call {refused}");
        Assert.That(rebuild.Status.LastFailure?.Message, refused > 0 && rebuild.Status.LastFailure is not null ? Does.Contain("The disk refuses") : Is.Null, $"call {refused}");
        Receipt receipt = await NewDefinitionTests.CheckAsync(store, Appended);
        Assert.That(receipt.BatchEnd.Value, Is.EqualTo(Appended), $"call {refused}");
        await CheckNothingIsLeftAsync(store, disk, $"call {refused}: {rebuild.Status.LastFailure?.Message}");
        return calls;

        Task<ViewRebuild> OrderAsync() => store.ReprocessAsync(
            Hourly, ofWindows ? DateTimeOffset.UnixEpoch.AddHours(1) : null, ofWindows ? DateTimeOffset.UnixEpoch.AddHours(3) : null, "a test");
    }

    private static async Task CheckNothingIsLeftAsync(LambdaStore<Ride> store, InMemoryStorage disk, string where)
    {
        // What the batch before has published in vain is known to be of no use when the next one publishes.
        await store.AppendAsync(Range(Appended, 5));
        BatchRun run = await store.RunBatchAsync();
        await store.VacuumAsync();
        Receipt receipt = await NewDefinitionTests.CheckAsync(store, Appended + 5);
        int layers = receipt.Layers.Count(l => l.Source == AnswerSource.Batch);
        Assert.That(run.Views, Has.Count.EqualTo(1), where);
        Assert.That(disk.List("views/hourly/_rebuild"), Is.Empty, where);
        Assert.That(disk.List("views/hourly/_lookup"), Has.Count.EqualTo(layers), where);
        Assert.That(disk.List("views/hourly").Count(f => f.EndsWith(".parquet", StringComparison.Ordinal)), Is.EqualTo(layers), where);
        Assert.That(Directory.GetFiles(disk.ScratchFolder).Select(Path.GetExtension), Is.All.EqualTo(".parquet"), $"{where}: only segments lie there, which this storage keeps for DuckDB");
    }
}
