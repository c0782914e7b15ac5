using LambdaCore.Storage;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Producers;

/// <summary>Several instances of one source: an old one that was given up, and wakes up late after another has taken over; and calls that do not wait for each other, of which some do not get in.</summary>
[TestFixture]
internal sealed class ProducerLivesTests
{
    private InMemoryStorage _disk = null!;

    [SetUp]
    public void CreateDisk() => _disk = new InMemoryStorage();

    [TearDown]
    public void DisposeDisk() => _disk.Dispose();

    [Test]
    public async Task An_instance_that_wakes_up_late_is_refused_and_passes_over_nothing()
    {
        await using LambdaStore<Sourced> store = Sourced.Open(_disk);
        Producer<Sourced> old = store.CreateProducer("a");
        await old.AppendAsync(Sourced.Of("a", 0, 5), firstSequence: 0);

        Producer<Sourced> young = store.CreateProducer("a");
        Assert.That(young.LastSequence, Is.EqualTo(4));
        Assert.That(async () => await old.AppendAsync(Sourced.Of("a", 9), 9), Throws.InvalidOperationException.With.Message.Contains("created again"));
        Assert.That(async () => await old.AppendAsync(Sourced.Of("a", 4), 4), Throws.InvalidOperationException.With.Message.Contains("created again"), "not even a repetition");
        Assert.That((await young.AppendAsync(Sourced.Of("a", 5, 5), firstSequence: 5)).Duplicates, Is.Zero, "nothing of it was passed over");
        Assert.That(old.LastSequence, Is.EqualTo(9));
        Assert.That(await Sourced.ReadAsync(store), Is.EqualTo(Enumerable.Range(0, 10).Select(i => ("a", (long)i))));
    }

    [Test]
    public async Task What_an_old_instance_has_on_its_way_goes_on_and_the_new_one_that_repeats_it_waits_for_it()
    {
        await using LambdaStore<Sourced> store = Sourced.Open(_disk);
        using Blockade blockade = new(_disk);
        Producer<Sourced> old = store.CreateProducer("a");
        blockade.Begin();
        Task<ProducerReceipt> onItsWay = old.AppendAsync(Sourced.Of("a", 0, 3), firstSequence: 0).AsTask();
        await blockade.Reached;
        Producer<Sourced> young = store.CreateProducer("a");
        Assert.That(young.LastSequence, Is.Null);
        Task<ProducerReceipt> repeated = young.AppendAsync(Sourced.Of("a", 0, 2), firstSequence: 0).AsTask();
        Task<ProducerReceipt> further = young.AppendAsync(Sourced.Of("a", 2, 3), firstSequence: 2).AsTask();
        Assert.That(new[] { onItsWay, repeated, further }.Select(t => t.IsCompleted), Is.All.False);
        blockade.Lift();

        Assert.That((await onItsWay).Range.Count, Is.EqualTo(3));
        Assert.That((await repeated).Duplicates, Is.EqualTo(2));
        Assert.That(((await further).Duplicates, (await further).Range.Count), Is.EqualTo((1, 2L)));
        Assert.That(await Sourced.ReadAsync(store), Is.EqualTo(Enumerable.Range(0, 5).Select(i => ("a", (long)i))));
    }

    [Test]
    public async Task The_repetition_of_one_call_that_did_not_get_in_lets_nothing_pass_the_next_one_that_did_not()
    {
        await using LambdaStore<Sourced> store = Sourced.Open(_disk, o => o.QueueCapacity = 1);
        using Blockade blockade = new(_disk);
        Producer<Sourced> producer = store.CreateProducer("a");
        blockade.Begin();
        Task<LogPosition> writing = store.AppendAsync(Sourced.Of("", 0)).AsTask();
        await blockade.Reached;
        Task<LogPosition> queued = store.AppendAsync(Sourced.Of("", 1)).AsTask();
        using CancellationTokenSource cancellation = new();
        Task<ProducerReceipt>[] failed =
        [
            producer.AppendAsync(Sourced.Of("a", 0, 4), firstSequence: 0, cancellation.Token).AsTask(), producer.AppendAsync(Sourced.Of("a", 4), 4).AsTask(),
            producer.AppendAsync(Sourced.Of("a", 5), 5).AsTask(),
        ];
        await cancellation.CancelAsync();
        foreach (Task<ProducerReceipt> call in failed)
        {
            Assert.That(async () => await call, Throws.Exception);
        }

        Assert.That(async () => await producer.AppendAsync(Sourced.Of("a", 6), 6), Throws.InvalidOperationException.With.Message.Contains("before 0"), "refused, so it is to be repeated, too");
        blockade.Lift();
        await Task.WhenAll(writing, queued);
        await producer.AppendAsync(Sourced.Of("a", 0), 0);
        Assert.That(async () => await producer.AppendAsync(Sourced.Of("a", 7), 7), Throws.InvalidOperationException.With.Message.Contains("before 3"), "the rest of the first");
        await producer.AppendAsync(Sourced.Of("a", 1, 3), firstSequence: 1);
        Assert.That(async () => await producer.AppendAsync(Sourced.Of("a", 7), 7), Throws.InvalidOperationException.With.Message.Contains("before 4"), "the second");
        await producer.AppendAsync(Sourced.Of("a", 4, 2), firstSequence: 4);
        Assert.That(async () => await producer.AppendAsync(Sourced.Of("a", 7), 7), Throws.InvalidOperationException.With.Message.Contains("before 6"), "the one that was refused");
        await producer.AppendAsync(Sourced.Of("a", 6, 2), firstSequence: 6);
        Assert.That((await Sourced.ReadAsync(store)).Where(e => e.Source == "a").Select(e => e.Number), Is.EqualTo(Enumerable.Range(0, 8)));
    }

    /// <summary>
    /// Instances of one source come and go, each begins after what the log has, sends its calls without waiting, and goes on for a while although some have failed, as one does who has not looked yet. Old ones wake up
    /// at any time. The store is closed and opened, or crashes. In the end each event is there once, in order: none that was passed over counts as a repetition.
    /// </summary>
    [Test]
    public async Task Whatever_instances_of_a_source_do_each_event_is_there_once_and_none_is_passed_over()
    {
        Random random = Seed.Random(out int seed);
        (int refusedOld, int failed, int lives) = (0, 0, 0);
        for (int history = 0; history < 60; history++)
        {
            using History one = new(random.Next());
            await one.RunAsync($"seed {seed}, history {history}");
            refusedOld += one.RefusedOld;
            failed += one.Failed;
            lives += one.Lives;
        }

        TestContext.Out.WriteLine($"{lives} instances, {refusedOld} calls of old ones refused, {failed} calls did not get in");
        Assert.That(new[] { refusedOld, failed }, Is.All.Positive);
    }

    private sealed class History(int seed) : IDisposable
    {
        private const int Events = 120;
        private readonly Random _random = new(seed);
        private readonly List<long> _source = [];
        private readonly List<(Producer<Sourced> Producer, int Next)> _old = [];
        private InMemoryStorage _disk = new();

        public int RefusedOld { get; private set; }

        public int Failed { get; private set; }

        public int Lives { get; private set; }

        public async Task RunAsync(string what)
        {
            // Sequences with gaps: what an instance passes over nobody can see from the outside.
            for (long next = 0; _source.Count < Events; next += _random.Next(1, 4))
            {
                _source.Add(next);
            }

            bool isOver = false;
            for (int opening = 0; !isOver; opening++)
            {
                Assert.That(opening, Is.LessThan(200), what);
                LambdaStore<Sourced> store = Sourced.Open(_disk, o => { o.QueueCapacity = _random.Next(1, 4); o.Backpressure = _random.Next(2) == 0 ? Backpressure.Fail : Backpressure.Wait; });
                _old.Clear();
                for (int life = _random.Next(1, 4); life > 0; life--)
                {
                    await LiveAsync(store);
                }

                isOver = store.Producers.GetValueOrDefault("a", -1) == _source[^1];
                if (isOver)
                {
                    Assert.That((await Sourced.ReadAsync(store)).Where(e => e.Source == "a").Select(e => e.Number), Is.EqualTo(_source), what);
                }

                InMemoryStorage? left = _random.Next(2) == 0 ? _disk.Crash(_random) : null;
                try
                {
                    await store.DisposeAsync();
                }
                catch (LambdaCoreException) when (left is not null)
                {
                    // Its disk is gone.
                }

                if (left is not null)
                {
                    _disk.Dispose();
                    _disk = left;
                }
            }
        }

        public void Dispose() => _disk.Dispose();

        private async Task LiveAsync(LambdaStore<Sourced> store)
        {
            Lives++;
            Producer<Sourced> producer = store.CreateProducer("a");
            int next = _source.BinarySearch(producer.LastSequence ?? -1) is >= 0 and int last ? last + 1 : 0;
            for (int round = _random.Next(1, 5); round > 0 && next < Events; round--)
            {
                List<(int First, int Count, Task Call)> calls = [(0, 0, store.AppendAsync(Sourced.Of("", 0)).AsTask())];
                for (int call = _random.Next(1, 8); call > 0 && next < Events; call--)
                {
                    int count = Math.Min(_random.Next(1, 6), Events - next);
                    using CancellationTokenSource cancellation = new();
                    calls.Add((next, count, AppendAsync(producer, next, count, cancellation.Token)));
                    next += count;
                    if (_random.Next(3) == 0)
                    {
                        await cancellation.CancelAsync();
                    }

                    await WakeOldAsync();
                }

                List<(int First, int Count, Task Call)> failed = [];
                foreach ((int First, int Count, Task Call) call in calls)
                {
                    if (!await IsInAsync(call.Call))
                    {
                        failed.Add(call);
                    }
                }

                Failed += failed.Count;

                // It looks now, and goes back to what the log has, mostly; or it goes on from where it was, and is refused, or repeats the first call alone before it does.
                int what = _random.Next(4);
                if (what == 0 && failed is [(_, > 0, _), ..])
                {
                    _ = await IsInAsync(AppendAsync(producer, failed[0].First, failed[0].Count, CancellationToken.None));
                }

                next = what < 2 ? next : _source.BinarySearch(producer.LastSequence ?? -1) is >= 0 and int acknowledged ? acknowledged + 1 : 0;
            }

            _old.Add((producer, next));
        }

        private static async Task<bool> IsInAsync(Task call)
        {
            try
            {
                await call;
                return true;
            }
            catch (Exception error) when (error is LambdaCoreException or InvalidOperationException or OperationCanceledException)
            {
                return false;
            }
        }

        /// <summary>An old instance goes on from where it was, or further: it is refused.</summary>
        private async Task WakeOldAsync()
        {
            if (_old.Count > 0 && _random.Next(3) == 0)
            {
                (Producer<Sourced> producer, int next) = _old[_random.Next(_old.Count)];
                int from = Math.Min(Events - 1, next + _random.Next(5));
                try
                {
                    await AppendAsync(producer, from, Math.Min(3, Events - from), CancellationToken.None);
                    Assert.Fail("An old instance appends.");
                }
                catch (InvalidOperationException)
                {
                    RefusedOld++;
                }
            }
        }

        private async Task AppendAsync(Producer<Sourced> producer, int first, int count, CancellationToken cancellationToken)
        {
            long[] sequences = [.. _source.Skip(first).Take(count)];
            _ = await producer.AppendAsync(sequences.Select(s => Sourced.Of("a", s)).ToArray(), sequences, cancellationToken);
        }
    }
}
