using LambdaCore.Storage;
using LambdaCore.Tests.Values;
using NUnit.Framework;
using static LambdaCore.Tests.EndToEnd.Rebuilds.Ride;

namespace LambdaCore.Tests.EndToEnd.Rebuilds;

/// <summary>The power is cut, or the process dies, at any storage call of a rebuild: it goes on where it was, and what it had finished is not computed again.</summary>
[TestFixture]
internal sealed class InterruptedRebuildTests
{
    private const int Events = 400;

    /// <summary>A number of interruptions, spread over all calls; each takes a store or two.</summary>
    private static readonly int Interruptions = int.TryParse(Environment.GetEnvironmentVariable("LAMBDACORE_SEQUENCES"), out int given) ? Math.Clamp(given, 8, 64) : 8;

    [Test]
    public async Task A_rebuild_goes_on_after_an_interruption_at_any_storage_call([Values] RebuildKind kind)
    {
        Random random = Seed.Random(out _);
        using InMemoryStorage undisturbed = await FilledAsync(kind);
        long calls = 0;
        undisturbed.BeforeCall = call => calls += IsOfRebuild(call) ? 1 : 0;
        await RebuildAsync(undisturbed, kind);
        undisturbed.BeforeCall = null;
        Assert.That(calls, Is.GreaterThan(Interruptions));

        int reused = 0;
        for (int i = 0; i < Interruptions; i++)
        {
            int at = 1 + (int)((calls * i) / Interruptions) + random.Next((int)(calls / Interruptions) + 1);
            string where = $"at call {at} of {calls}";
            InMemoryStorage disk = await FilledAsync(kind);
            await InterruptAsync(disk, kind, at);
            InMemoryStorage after = random.Next(2) == 0 ? disk.Crash(random) : disk.Kill();
            disk.Dispose();
            HashSet<string> finished = [.. Names(after, ".json").Intersect(Names(after, ".run"))];
            HashSet<string> computed = [];
            after.BeforeCall = call =>
            {
                if (call.Operation == StorageOperation.Rename && call.Path.EndsWith(".run", StringComparison.Ordinal))
                {
                    computed.Add(Path.GetFileNameWithoutExtension(call.Path));
                }
            };
            await using (LambdaStore<Ride> store = Open(after, o => o.AddView(Hourly)))
            {
                await NewDefinitionTests.CheckAsync(store, Events);
                await Task.WhenAll(store.Rebuilds.Select(r => r.Completion));
                Assert.That((await NewDefinitionTests.CheckAsync(store, Events)).BatchEnd.Value, Is.EqualTo(Events), where);
                Assert.That(computed.Intersect(finished), Is.Empty, $"{where}: finished parts are computed again");
                Assert.That(after.List("views/hourly/_rebuild"), Is.Empty, where);
                reused += finished.Count;
            }

            after.BeforeCall = null;
            await using (LambdaStore<Ride> store = Open(after, o => o.AddView(Hourly)))
            {
                Assert.That(store.Rebuilds, Is.Empty, $"{where}: it was done before");
                await NewDefinitionTests.CheckAsync(store, Events);
            }

            after.Dispose();
        }

        Assert.That(reused, Is.GreaterThan(Interruptions / 4), "Too few interruptions came between two parts.");
    }

    private static bool IsOfRebuild(StorageCall call) => call.Path.StartsWith("views/hourly", StringComparison.Ordinal);

    private static IEnumerable<string> Names(InMemoryStorage disk, string extension) =>
        disk.List("views/hourly/_rebuild").Where(f => f.EndsWith(extension, StringComparison.Ordinal) && f != "order.json").Select(f => Path.GetFileNameWithoutExtension(f));

    private static async Task<InMemoryStorage> FilledAsync(RebuildKind kind)
    {
        InMemoryStorage disk = new();
        await NewDefinitionTests.FillAsync(disk, Events, kind == RebuildKind.Reprocessing ? o => o.AddView(Hourly) : null);
        return disk;
    }

    /// <summary>Opens the store, and computes the view anew.</summary>
    private static async Task RebuildAsync(InMemoryStorage disk, RebuildKind kind)
    {
        await using LambdaStore<Ride> store = Open(disk, o => o.AddView(Hourly));
        if (kind == RebuildKind.Reprocessing)
        {
            await store.ReprocessAsync(Hourly, null, null, "a test");
        }

        await Task.WhenAll(store.Rebuilds.Select(r => r.Completion));
    }

    /// <summary>The same, until the power goes.</summary>
    private static async Task InterruptAsync(InMemoryStorage disk, RebuildKind kind, int at)
    {
        TaskCompletionSource isOff = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int left = at;
        disk.BeforeCall = call =>
        {
            if (isOff.Task.IsCompleted || (IsOfRebuild(call) && Interlocked.Decrement(ref left) == 0))
            {
                isOff.TrySetResult();
                throw new StorageException("The power is gone.");
            }
        };
        try
        {
            LambdaStore<Ride> store = Open(disk, o => o.AddView(Hourly));
            try
            {
                if (kind == RebuildKind.Reprocessing)
                {
                    await store.ReprocessAsync(Hourly, null, null, "a test");
                }

                await Task.WhenAny(isOff.Task, Task.WhenAll(store.Rebuilds.Select(r => r.Completion)));
            }
            finally
            {
                await store.DisposeAsync();
            }
        }
        catch (LambdaCoreException) when (isOff.Task.IsCompleted)
        {
            // What the cut looks like to a caller.
        }

        disk.BeforeCall = null;
    }
}
