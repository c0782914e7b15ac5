using LambdaCore.Storage;
using LambdaCore.Tests.EndToEnd;
using NUnit.Framework;

namespace LambdaCore.Tests.Damage;

/// <summary>A disk that refuses one thing while a store is salvaged: what the report does not call lost is there, and a target that could not be written whole is no store.</summary>
[TestFixture]
internal sealed class RefusedSalvageTests
{
    private const long Events = 32;

    private static readonly SimulatedClock Clock = new();

    [Test]
    public async Task What_cannot_be_read_is_reported_and_everything_that_is_not_called_lost_is_there()
    {
        StoreImage sound = await BuildAsync();
        (int reported, int failed) = (0, 0);
        foreach (StorageCall call in Calls(sound, (from, _) => from))
        {
            using InMemoryStorage from = sound.ToDisk();
            using InMemoryStorage to = new();
            Refuse(from, call);
            try
            {
                SalvageReport report = Salvage(from, to);
                string what = $"{call}: {report}";
                Assert.That(report.Damage.Select(d => d.File), Does.Contain(call.Path), what);
                await CheckAsync(to, report.Position.Value, report.Lost, what);
                reported++;
            }
            catch (LambdaCoreException error)
            {
                Assert.That(error.Message, Does.Contain(call.Path), $"{call}");
                failed++;
            }
        }

        TestContext.Out.WriteLine($"{reported} reported, {failed} failed");
        Assert.That(reported, Is.GreaterThan(5));
        Assert.That(failed, Is.GreaterThan(2));
    }

    [Test]
    public async Task What_cannot_be_written_fails_the_salvage_and_leaves_no_store_or_a_whole_one()
    {
        StoreImage sound = await BuildAsync();
        (int none, int whole) = (0, 0);
        foreach (StorageCall call in Calls(sound, (_, to) => to))
        {
            using InMemoryStorage from = sound.ToDisk();
            using InMemoryStorage to = new();
            Refuse(to, call);
            Assert.That(() => Salvage(from, to), Throws.InstanceOf<LambdaCoreException>().With.Message.Contains(call.Path), $"{call}");
            to.BeforeCall = null;
            Assert.That(StoreImage.Of(from).DifferencesTo(sound).Where(f => f != "LOCK"), Is.Empty, $"{call}: the store is only read");
            if (!StoreImage.Of(to).Paths.Any(p => p.Contains('/', StringComparison.Ordinal)))
            {
                continue;
            }

            // Of the last commit it cannot be told whether it is there.
            try
            {
                await CheckAsync(to, Events, [], $"{call}");
                whole++;
            }
            catch (LambdaCoreException)
            {
                none++;
            }
        }

        TestContext.Out.WriteLine($"{none} no store, {whole} whole");
        Assert.That(none, Is.GreaterThan(20));
        Assert.That(whole, Is.LessThan(4));
    }

    [Test]
    public async Task A_view_whose_archive_layer_cannot_be_read_counts_from_where_the_raw_events_begin()
    {
        SimulatedClock clock = new();
        using InMemoryStorage disk = new();
        await using (LambdaStore<Reading> store = DamageScene.Open(disk, clock, retaining: true))
        {
            await AppendAsync(store, 10);
            await store.RunBatchAsync();
            clock.Advance(TimeSpan.FromHours(4));
            await AppendAsync(store, 6);
            await store.RunBatchAsync();
            Assert.That((await store.ApplyRetentionAsync()).RawStart.Value, Is.EqualTo(10));
        }

        StoreImage sound = StoreImage.Of(disk);
        string[] archive = [.. sound.Paths.Where(p => p.StartsWith("views/by_number/", StringComparison.Ordinal) && !p.Contains("_delta_log", StringComparison.Ordinal))];
        int reported = 0;
        foreach (string refused in archive)
        {
            using InMemoryStorage from = sound.ToDisk();
            using InMemoryStorage to = new();
            from.BeforeCall = c =>
            {
                if (c.Path == refused)
                {
                    throw new StorageException($"Storage failed: {c.Operation} of '{c.Path}': EIO, on demand.");
                }
            };
            SalvageReport report = StoreSalvage.Run(from, to, DamageScene.Options(clock), CancellationToken.None);
            Assert.That(report.Lost, Is.Empty, refused);
            reported += report.Damage.Count(d => d.File == refused && d.Problem.Contains("the view counts from 10", StringComparison.Ordinal) && d.Problem.Contains("EIO", StringComparison.Ordinal));
            await using LambdaStore<Reading> store = DamageScene.Open(to, clock);
            long first = report.Damage.Count == 0 ? 0 : 10;
            Assert.That((await DamageScene.EventsAsync(store)).Keys.Order(), Is.EqualTo(Enumerable.Range((int)first, 16 - (int)first)), refused);
        }

        Assert.That(reported, Is.EqualTo(2), "the Parquet file of the one archive layer, and its lookup file");
    }

    /// <summary>The calls of a salvage that nobody refuses; of those that only go on where the one before ended, the first.</summary>
    private static List<StorageCall> Calls(StoreImage sound, Func<InMemoryStorage, InMemoryStorage, InMemoryStorage> which)
    {
        using InMemoryStorage from = sound.ToDisk();
        using InMemoryStorage to = new();
        List<StorageCall> calls = [];
        InMemoryStorage recorded = which(from, to);
        long before = recorded.Calls;
        recorded.BeforeCall = c => calls.Add(c with { Number = c.Number - before });
        SalvageReport report = Salvage(from, to);
        Assert.That((report.Damage.Count, report.Lost.Count, report.Position.Value), Is.EqualTo((0, 0, Events)));
        return [.. calls.Where((c, i) => i == 0 || (c.Operation, c.Path) != (calls[i - 1].Operation, calls[i - 1].Path))];
    }

    private static void Refuse(InMemoryStorage disk, StorageCall call)
    {
        long left = call.Number;
        disk.BeforeCall = c =>
        {
            if (--left == 0)
            {
                throw new StorageException($"Storage failed: {c.Operation} of '{c.Path}': EIO, on demand.");
            }
        };
    }

    private static SalvageReport Salvage(InMemoryStorage from, InMemoryStorage to) => StoreSalvage.Run(from, to, DamageScene.Options(Clock), CancellationToken.None);

    /// <summary>Two segments, one with a dead letter, and a tail of two groups in a file of its own.</summary>
    private static async Task<StoreImage> BuildAsync()
    {
        using InMemoryStorage disk = new();
        await using (LambdaStore<Reading> store = DamageScene.Open(disk, Clock))
        {
            foreach (int count in new[] { 20, 5 })
            {
                await AppendAsync(store, count);
                await store.RunBatchAsync();
            }

            StoreInternals<Reading>.Of(store).Log.RollWriteAheadLog();
            await AppendAsync(store, 3);
            await AppendAsync(store, 4);
        }

        return StoreImage.Of(disk);
    }

    private static async Task AppendAsync(LambdaStore<Reading> store, int count)
    {
        long next = store.Position.Value;
        await store.AppendAsync(Enumerable.Range(0, count).Select(i => DamageScene.At(next + i)).ToArray());
    }

    private static async Task CheckAsync(InMemoryStorage salvaged, long end, IReadOnlyList<LogRange> lost, string what)
    {
        await using LambdaStore<Reading> store = DamageScene.Open(salvaged, Clock);
        Dictionary<long, Figures> kept = await DamageScene.EventsAsync(store);
        IEnumerable<long> expected = Enumerable.Range(0, (int)end).Select(i => (long)i).Where(i => i % 17 != 16 && !lost.Any(r => r.Contains(new LogPosition(i))));
        Assert.That(kept.Keys.Order(), Is.EqualTo(expected), what);
    }
}
