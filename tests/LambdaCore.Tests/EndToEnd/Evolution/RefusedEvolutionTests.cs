using LambdaCore.Log;
using LambdaCore.Storage;
using LambdaCore.Tests.Damage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Evolution;

/// <summary>An opening with another type of event writes: what waits is sealed, and the schema changes. Wherever the disk refuses, nothing is lost, and the next opening succeeds.</summary>
[TestFixture]
internal sealed class RefusedEvolutionTests
{
    [Test]
    public async Task An_opening_with_a_changed_type_can_be_repeated_wherever_the_disk_refused_it()
    {
        using InMemoryStorage disk = new();
        await using (LambdaStore<Before> store = Open<Before>(disk))
        {
            await store.AppendAsync(new Before(DateTimeOffset.UnixEpoch, "a"));
            await store.RunBatchAsync();
            await store.AppendAsync(new Before(DateTimeOffset.UnixEpoch, "b"));
            await store.AppendAsync(new Before(DateTimeOffset.UnixEpoch, "c"));
        }

        StoreImage image = StoreImage.Of(disk);
        int refusals = 0;
        foreach (StorageCall refused in await CallsAsync(image))
        {
            string where = $"{refused}";
            using InMemoryStorage copy = image.ToDisk();
            copy.BeforeCall = c =>
            {
                if (c.Number == refused.Number)
                {
                    throw new StorageException($"Storage failed: {c.Operation} of '{c.Path}': EIO, on demand.");
                }
            };
            try
            {
                await using LambdaStore<After> store = Open<After>(copy);
            }
            catch (LambdaCoreException error)
            {
                Assert.That(error.Message, Does.Contain("EIO"), where);
                refusals++;
            }

            copy.BeforeCall = null;
            await using LambdaStore<After> again = Open<After>(copy);
            Assert.That(again.Position.Value, Is.EqualTo(3), where);
            await again.AppendAsync(new After(DateTimeOffset.UnixEpoch, "d", 5));
            await again.RunBatchAsync();
            List<string> read = [];
            await foreach (StoredEvent<After> e in EventsAsync(again))
            {
                read.Add($"{e.Event.Name}{e.Event.Extra}");
            }

            Assert.That(read, Is.EqualTo(new[] { "a", "b", "c", "d5" }), where);
        }

        TestContext.Out.WriteLine($"{refusals} refusals");
        Assert.That(refusals, Is.GreaterThan(20));
    }

    [Test]
    public async Task A_property_that_says_all_names_it_ever_had_is_the_last_of_them_that_it_was()
    {
        using InMemoryStorage disk = new();
        await using (LambdaStore<First> store = Open<First>(disk))
        {
            await store.AppendAsync(new First(DateTimeOffset.UnixEpoch, 1));
        }

        await using (LambdaStore<Middle> store = Open<Middle>(disk))
        {
        }

        // What was A is B now, and there is another A.
        await using (LambdaStore<Second> store = Open<Second>(disk))
        {
            await store.AppendAsync(new Second(DateTimeOffset.UnixEpoch, 2, 20));
        }

        await using LambdaStore<Third> third = Open<Third>(disk);
        await third.RunBatchAsync();
        List<int> read = [];
        await foreach (StoredEvent<Third> e in EventsAsync(third))
        {
            read.Add(e.Event.C);
        }

        Assert.That(read, Is.EqualTo(new[] { 1, 2 }));
    }

    /// <summary>The calls of an opening that nobody refuses; of those that only go on where the one before ended, the first.</summary>
    private static async Task<List<StorageCall>> CallsAsync(StoreImage image)
    {
        using InMemoryStorage disk = image.ToDisk();
        List<StorageCall> calls = [];
        disk.BeforeCall = calls.Add;
        await using (LambdaStore<After> store = Open<After>(disk))
        {
            disk.BeforeCall = null;
        }

        return [.. calls.Where((c, i) => i == 0 || (c.Operation, c.Path) != (calls[i - 1].Operation, calls[i - 1].Path))];
    }

    private static async IAsyncEnumerable<StoredEvent<T>> EventsAsync<T>(LambdaStore<T> store)
    {
        EventLog<T> log = StoreInternals<T>.Of(store).Log;
        using LogPrefix prefix = await log.AtAsync(new LogMoment(store.Position), CancellationToken.None);
        await foreach (StoredEvent<T> e in log.ReadAsync(prefix, [], CancellationToken.None))
        {
            yield return e;
        }
    }

    private static LambdaStore<T> Open<T>(InMemoryStorage disk)
        where T : notnull, ITimed
    {
        LambdaStoreOptions<T> options = new() { BatchThreads = 1 };
        System.Linq.Expressions.ParameterExpression e = System.Linq.Expressions.Expression.Parameter(typeof(T), "e");
        options.EventTime(System.Linq.Expressions.Expression.Lambda<Func<T, DateTimeOffset>>(System.Linq.Expressions.Expression.Property(e, typeof(T).GetProperty("At")!), e)).Validate();
        return StoreOpening.Open("memory", disk, options);
    }

    private interface ITimed
    {
        DateTimeOffset At { get; }
    }

    private sealed record Before(DateTimeOffset At, string Name) : ITimed;

    private sealed record After(DateTimeOffset At, string Name, int? Extra) : ITimed;

    private sealed record First(DateTimeOffset At, int A) : ITimed;

    private sealed record Middle(DateTimeOffset At, [FormerName("A")] int B) : ITimed;

    private sealed record Second(DateTimeOffset At, int B, int? A) : ITimed;

    private sealed record Third(DateTimeOffset At, [FormerName("A"), FormerName("B")] int C) : ITimed;
}
