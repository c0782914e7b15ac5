using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>
/// A seal publishes rejected events before the events that count. Wherever the disk fails within it, each rejected event is read back exactly once, answers
/// stay right, and the next seal succeeds.
/// </summary>
/// <remarks>Not random but for what a power cut spares: every storage call of the seal is tried.</remarks>
[TestFixture]
internal sealed class DeadLetterCrashTests
{
    private static readonly DateTimeOffset Noon = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly ViewDefinition<Ping, DateTimeOffset, long> Hours = View.Of<Ping>("hours").GroupBy(e => Window.Hour(e.Time)).Select(g => g.Sum(e => e.Number));

    public enum Loss
    {
        Process,
        Power,
    }

    [Test]
    public async Task A_seal_that_dies_at_any_storage_call_keeps_each_rejected_event_once([Values] Loss loss, [Values] bool tableExists)
    {
        int between = 0;
        int call = 1;
        for (bool died = true; died; call++)
        {
            string where = $"{loss} lost at call {call}";
            InMemoryStorage disk = new();
            List<Ping> sent = await PrepareAsync(disk, tableExists);
            int calls = 0;
            died = await CutSealAsync(disk, c => OfSeal(c) && ++calls == call);
            using InMemoryStorage left = After(disk, loss, call);
            between += IsBetweenCommits(left, tableExists) ? 1 : 0;
            await CheckAsync(left, sent, where);
        }

        TestContext.Out.WriteLine($"{call} calls, {between} of them between the commits");
        Assert.That(between, Is.GreaterThan(1));
    }

    [Test]
    public async Task A_seal_that_the_disk_refuses_once_keeps_each_rejected_event_once([Values] bool tableExists)
    {
        int refusals = 0;
        int succeeded = 0;
        int call = 1;
        for (bool refused = true; refused; call++)
        {
            string where = $"refused at call {call}";
            using InMemoryStorage disk = new();
            List<Ping> sent = await PrepareAsync(disk, tableExists);
            await using (LambdaStore<Ping> store = Open(disk))
            {
                refused = await RefuseOneCallAsync(disk, store, call);
                refusals += refused ? 1 : 0;
                await AssertAsync(store, sent, where);

                // A commit that failed may exist or not; then nothing can be sealed before the store is opened again.
                try
                {
                    await store.RunBatchAsync();
                    Assert.That(store.SealedPosition, Is.EqualTo(store.Position), where);
                    succeeded += refused ? 1 : 0;
                }
                catch (LambdaCoreException error) when (refused && error.LastsUntilReopened)
                {
                }

                await AssertAsync(store, sent, where);
            }

            await CheckAsync(disk, sent, where);
        }

        TestContext.Out.WriteLine($"{refusals} refusals, after {succeeded} of them the next seal succeeded");
        Assert.That(succeeded, Is.GreaterThan(5));
        Assert.That(refusals - succeeded, Is.GreaterThan(5));
    }

    [Test]
    public async Task An_opening_that_dies_while_it_removes_what_a_seal_has_left_can_be_repeated([Values] Loss loss)
    {
        int call = 1;
        for (bool died = true; died; call++)
        {
            InMemoryStorage disk = new();
            List<Ping> sent = await PrepareAsync(disk, tableExists: true);
            await CutSealAsync(disk, c => c.Path.StartsWith("log/_delta_log", StringComparison.Ordinal));
            InMemoryStorage left = After(disk, Loss.Process, 0);
            Assert.That(IsBetweenCommits(left, tableExists: true));
            int calls = 0;
            died = await CutAsync(left, c => c.Path.StartsWith("deadletters", StringComparison.Ordinal) && ++calls == call, _ => Task.CompletedTask);
            using InMemoryStorage leftAgain = After(left, loss, call);
            await CheckAsync(leftAgain, sent, $"{loss} lost at call {call} of the opening to the dead letters");
        }

        TestContext.Out.WriteLine($"{call} calls");
        Assert.That(call, Is.GreaterThan(5));
    }

    /// <summary>Two events that count and two that were rejected are not sealed; before them there are as many that are, or none.</summary>
    private static async Task<List<Ping>> PrepareAsync(InMemoryStorage disk, bool tableExists)
    {
        List<Ping> sent = [];
        await using LambdaStore<Ping> store = Open(disk);
        foreach (bool isSealed in tableExists ? new[] { true, false } : [false])
        {
            Ping[] events = [.. new[] { 0, -30, -1, -40 }.Select((hours, i) => new Ping(Noon.AddHours(hours), 1 << (sent.Count + i)))];
            await store.AppendAsync(events);
            sent.AddRange(events);
            if (isSealed)
            {
                await store.RunBatchAsync();
            }
        }

        return sent;
    }

    /// <summary>Opens a store and does something, until a storage call is to be the first that fails; all calls after it fail, too.</summary>
    /// <returns>Whether it came to that.</returns>
    private static async Task<bool> CutAsync(InMemoryStorage disk, Func<StorageCall, bool> isFirst, Func<LambdaStore<Ping>, Task> act)
    {
        bool isCut = false;
        disk.BeforeCall = call =>
        {
            if (Volatile.Read(ref isCut) || isFirst(call))
            {
                Volatile.Write(ref isCut, true);
                throw new StorageException("The power is gone.");
            }
        };
        try
        {
            await using LambdaStore<Ping> store = Open(disk);
            await act(store);
        }
        catch (LambdaCoreException) when (Volatile.Read(ref isCut))
        {
            // What the cut looks like to a caller.
        }

        disk.BeforeCall = null;
        return isCut;
    }

    /// <summary>The same, for a batch run in a store that was opened without harm.</summary>
    private static Task<bool> CutSealAsync(InMemoryStorage disk, Func<StorageCall, bool> isFirst)
    {
        bool isOpen = false;
        return CutAsync(disk, call => isOpen && isFirst(call), store =>
        {
            isOpen = true;
            return store.RunBatchAsync();
        });
    }

    private static async Task<bool> RefuseOneCallAsync(InMemoryStorage disk, LambdaStore<Ping> store, int call)
    {
        int calls = 0;
        disk.BeforeCall = c =>
        {
            if (OfSeal(c) && ++calls == call)
            {
                throw new StorageException("The disk refuses.");
            }
        };
        try
        {
            await store.RunBatchAsync();
        }
        catch (LambdaCoreException) when (calls >= call)
        {
        }

        disk.BeforeCall = null;
        return calls >= call;
    }

    /// <summary>Whether a call belongs to the sealing of events, not to the views.</summary>
    private static bool OfSeal(StorageCall call) => !call.Path.StartsWith("views", StringComparison.Ordinal);

    private static InMemoryStorage After(InMemoryStorage disk, Loss loss, int seed)
    {
        InMemoryStorage left = loss == Loss.Power ? disk.Crash(new Random(seed)) : disk.Kill();
        disk.Dispose();
        return left;
    }

    /// <summary>Whether the rejected events of the last seal are published, and those that count are not.</summary>
    private static bool IsBetweenCommits(InMemoryStorage disk, bool tableExists)
    {
        int before = tableExists ? 2 : 1;
        return disk.List("deadletters/_delta_log").Count > before && disk.List("log/_delta_log").Count == before;
    }

    /// <summary>Opens what is left and compares it with what was sent; then seals it, rejects another event, seals that, and opens it once more.</summary>
    private static async Task CheckAsync(InMemoryStorage disk, List<Ping> sent, string where)
    {
        Ping another = new(Noon.AddHours(-50), 1 << sent.Count);
        await using (LambdaStore<Ping> store = Open(disk))
        {
            await AssertAsync(store, sent, where);
            await store.RunBatchAsync();
            await AssertAsync(store, sent, where);
            await store.AppendAsync(another);
            await store.RunBatchAsync();
            Assert.That(store.SealedPosition, Is.EqualTo(store.Position), where);
        }

        await using LambdaStore<Ping> reopened = Open(disk);
        await AssertAsync(reopened, [.. sent, another], where);
    }

    private static async Task AssertAsync(LambdaStore<Ping> store, List<Ping> sent, string where)
    {
        List<(long, Ping, TimeSpan)> letters = [];
        await foreach (DeadLetter<Ping> letter in store.ReadDeadLettersAsync())
        {
            letters.Add((letter.Position.Value, letter.Event, letter.Lateness));
        }

        Assert.That(letters, Is.EqualTo(sent.Select((e, i) => ((long)i, e, Noon - e.Time)).Where(l => l.Item3 > TimeSpan.FromHours(24))), where);
        ViewAnswer<DateTimeOffset, long> answer = await store.Query(Hours).ExecuteAsync();
        Assert.That(answer.Receipt.Position.Value, Is.EqualTo(sent.Count), where);
        Assert.That(
            answer.Rows.Select(r => (r.Key, r.Result)),
            Is.EqualTo(sent.Where(e => Noon - e.Time <= TimeSpan.FromHours(24)).GroupBy(e => e.Time).OrderBy(g => g.Key).Select(g => (g.Key, (long)g.Sum(e => e.Number)))), where);
    }

    private static LambdaStore<Ping> Open(InMemoryStorage disk)
    {
        LambdaStoreOptions<Ping> options = new() { BatchThreads = 1, LateEvents = LatePolicy.Reject, TimeProvider = new SimulatedClock(Noon) };
        options.EventTime(e => e.Time).AddView(Hours).Validate();
        return StoreOpening.Open("memory", disk, options);
    }

    private sealed record Ping(DateTimeOffset Time, int Number);
}
