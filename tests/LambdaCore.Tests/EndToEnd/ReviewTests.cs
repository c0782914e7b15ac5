using System.Globalization;
using LambdaCore.Log;
using LambdaCore.Serving;
using LambdaCore.Speed;
using LambdaCore.Storage;
using LambdaCore.Tests.Speed;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>What an adversary's reading of the pipeline, the batches and the queries brought up, and what it did not.</summary>
internal sealed class ReviewTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static ViewDefinition<Sale, string, Sales> ByShop => View.Of<Sale>("by_shop")
        .GroupBy(e => e.Shop)
        .Select(g => new Sales(g.Count(), g.Sum(e => e.Amount)));

    private static ViewDefinition<Sale, HourAndShop, long> ByHour => View.Of<Sale>("by_hour")
        .GroupBy(e => new HourAndShop(Window.Hour(e.Time), e.Shop))
        .Select(g => g.Count());

    [Test]
    public async Task Without_durability_a_batch_waits_for_the_writer()
    {
        using InMemoryStorage disk = new();
        using ManualResetEventSlim released = new();
        await using LambdaStore<Sale> store = Open(disk, o => o.Durability = Durability.None);
        disk.BeforeCall = call =>
        {
            if (call.Operation == StorageOperation.Write)
            {
                released.Wait();
            }
        };
        await store.AppendAsync(At(1));
        Task<BatchRun> run = store.RunBatchAsync();
        await Task.WhenAny(run, Task.Delay(300));
        released.Set();
        Assert.That((await run).End, Is.EqualTo(new LogPosition(1)));
    }

    [Test]
    public async Task Asking_too_early_for_an_acknowledgement_harms_nobody()
    {
        using InMemoryStorage disk = new();
        using ManualResetEventSlim released = new();
        await using (LambdaStore<Sale> store = Open(disk))
        {
            disk.BeforeCall = call =>
            {
                if (call.Operation == StorageOperation.Write)
                {
                    released.Wait();
                }
            };
            ValueTask<LogPosition> first = store.AppendAsync(At(1));
            ValueTask<LogPosition> second = store.AppendAsync(At(2));
#pragma warning disable CA2012 // What must do no harm is this very mistake.
            Assert.That(() => second.GetAwaiter().GetResult(), Throws.InvalidOperationException);
#pragma warning restore CA2012
            ValueTask<LogPosition> third = store.AppendAsync(At(3));
            released.Set();
            Assert.That(await first, Is.EqualTo(new LogPosition(0)));
            Assert.That(await third, Is.EqualTo(new LogPosition(2)));
            Assert.That(await second, Is.EqualTo(new LogPosition(1)));
#pragma warning disable CA2012
            Assert.That(() => second.GetAwaiter().GetResult(), Throws.InvalidOperationException);
#pragma warning restore CA2012
            ValueTask<LogPosition> fourth = store.AppendAsync(At(4));
            ValueTask<LogPosition> fifth = store.AppendAsync(At(5));
            Assert.That((await fourth, await fifth), Is.EqualTo((new LogPosition(3), new LogPosition(4))));
        }

        await using LambdaStore<Sale> again = Open(disk);
        Assert.That((await again.GetAsync(ByShop, "A"))!.Result, Is.EqualTo(new Sales(5, 15)));
    }

    [Test]
    public async Task Who_waits_for_events_that_will_never_come_is_told_when_the_log_stops()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Sale> store = Open(disk);
        Task<ViewEntry<string, Sales>?> waiting = store.GetAsync(ByShop, "A", Consistency.AtLeast(new LogPosition(10))).AsTask();
        disk.BeforeCall = call =>
        {
            if (call.Operation == StorageOperation.Flush)
            {
                throw new StorageException("The disk is full.");
            }
        };
        Assert.That(async () => await store.AppendAsync(At(1)), Throws.InstanceOf<LogPoisonedException>());
        Assert.That(async () => await waiting.WaitAsync(TimeSpan.FromSeconds(20)), Throws.InstanceOf<LogPoisonedException>());
        Assert.That(async () => await store.GetAsync(ByShop, "A", Consistency.AtLeast(new LogPosition(10))).AsTask().WaitAsync(TimeSpan.FromSeconds(20)), Throws.InstanceOf<LogPoisonedException>());
        Assert.That(await store.GetAsync(ByShop, "A"), Is.Null);
    }

    [Test]
    public async Task A_batch_that_waits_its_turn_is_refused_when_the_store_closes()
    {
        using InMemoryStorage disk = new();
        using ManualResetEventSlim reading = new();
        using ManualResetEventSlim released = new();
        await using LambdaStore<Sale> store = Open(disk);
        OpenStore<Sale> parts = StoreInternals<Sale>.Of(store);
        Task reader = Task.Run(() =>
        {
            using ReadScope scope = parts.Speed.EnterRead();
            reading.Set();
            released.Wait();
        });
        reading.Wait();

        // It cannot begin a generation, and so not end, while somebody reads; so the closing thread comes to wait for it for certain.
        Task<BatchRun> running = store.RunBatchAsync();
        SpinWait.SpinUntil(() => store.BatchStatus.IsRunning);
        Thread closing = new(parts.Batches.Dispose);
        closing.Start();
        while (!closing.ThreadState.HasFlag(ThreadState.WaitSleepJoin))
        {
            await Task.Yield();
        }

        Task<BatchRun> queued = store.RunBatchAsync();
        released.Set();
        await reader;
        await running;
        closing.Join();
        Assert.That(async () => await queued.WaitAsync(TimeSpan.FromSeconds(20)), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public async Task An_answer_from_the_batch_view_alone_is_complete_only_as_far_as_it_covers()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Sale> store = Open(disk);
        await store.AppendAsync(At(1));
        await store.RunBatchAsync();
        await store.AppendAsync(At(2) with { Time = Noon.AddHours(5) });
        ViewAnswer<HourAndShop, long> answer = await store.Query(ByHour).From(AnswerSource.Batch).Between(Noon, Noon.AddHours(2)).ExecuteAsync();
        Assert.That(answer.Receipt.Position, Is.EqualTo(new LogPosition(1)));
        Assert.That(answer.Receipt.Watermark, Is.EqualTo(At(1).Time));
        Assert.That(answer.Receipt.IsComplete, Is.False);
    }

    [TestCase("shop=Z", "Z")]
    [TestCase("amount=7", "7")]
    [TestCase("{a,b}", "a")]
    [TestCase("it's \"quoted\" ünï", "its")]
    public async Task A_store_may_lie_in_a_folder_of_any_name(string name, string neighbour)
    {
        string root = Directory.CreateTempSubdirectory("lambdacore-review-").FullName;
        try
        {
            await using (LambdaStore<Sale> other = await OpenFolder(Path.Combine(root, neighbour, "store")))
            {
                await other.AppendAsync(At(100));
                await other.RunBatchAsync();
                await other.AppendAsync(At(100));
                await other.RunBatchAsync();
            }

            string folder = Path.Combine(root, name, "store");
            await using (LambdaStore<Sale> store = await OpenFolder(folder))
            {
                await store.AppendAsync(At(1));
                await store.RunBatchAsync();
                await store.AppendAsync(At(2));
                Assert.That((await store.GetAsync(ByShop, "A"))!.Result, Is.EqualTo(new Sales(2, 3)));
            }

            await using LambdaStore<Sale> again = await OpenFolder(folder);
            await again.RunBatchAsync();
            Assert.That((await again.Query(ByShop).From(AnswerSource.Batch).ExecuteAsync()).Rows.Select(r => (r.Key, r.Result)), Is.EqualTo(new[] { ("A", new Sales(2, 3)) }));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }

        static Task<LambdaStore<Sale>> OpenFolder(string folder) =>
            LambdaStore.OpenAsync<Sale>(folder, o => o.EventTime(e => e.Time).AddView(ByShop).AddView(ByHour));
    }

    [Test]
    public async Task A_definition_with_another_result_is_not_answered_with_the_result_of_its_namesake()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Sale> store = Open(disk, o => o.AddView(Times(2)));
        await store.AppendAsync(At(1));
        Assert.That((await store.GetAsync(Times(2), "A"))!.Result, Is.EqualTo(2));
        long? result = null;
        try
        {
            result = (await store.GetAsync(Times(3), "A"))!.Result;
        }
        catch (ArgumentException)
        {
        }

        Assert.That(result, Is.Null.Or.EqualTo(3));

        static ViewDefinition<Sale, string, long> Times(long factor) =>
            View.Of<Sale>("times").GroupBy(e => e.Shop).Select(g => g.Sum(e => e.Amount) * factor);
    }

    [Test]
    public async Task A_condition_is_not_evaluated_further_than_CSharp_would()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Sale> store = Open(disk);
        await store.AppendAsync(At(1));
        string? wanted = null;
        Assert.That((await store.Query(ByShop).Where(k => wanted != null && k == wanted.Trim()).ExecuteAsync()).Rows, Is.Empty);
        Assert.That((await store.Query(ByShop).Where(k => wanted == null || k == wanted.Trim()).ExecuteAsync()).Rows, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_seal_that_failed_after_its_file_was_there_can_be_repeated()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Sale> store = Open(disk);
        await store.AppendAsync(At(1));
        bool failed = false;
        disk.BeforeCall = call =>
        {
            if (!failed && call.Operation == StorageOperation.FlushFolder && call.Path == "log")
            {
                failed = true;
                throw new StorageException("The disk hesitates.");
            }
        };
        Assert.That(async () => await store.RunBatchAsync(), Throws.InstanceOf<StorageException>());
        Assert.That((await store.RunBatchAsync()).End, Is.EqualTo(new LogPosition(1)));
    }

    [Test]
    public async Task Seals_that_fail_leave_no_files_behind_and_are_not_repeated_with_every_append()
    {
        using InMemoryStorage disk = new();
        int attempts = 0;
        await using LambdaStore<Sale> store = Open(disk, o => o.SegmentEvents = 10);
        disk.BeforeCall = call =>
        {
            if (call.Operation == StorageOperation.Rename && call.Path.StartsWith("log/0", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref attempts);
                throw new StorageException("The disk is full.");
            }
        };
        for (int i = 0; i < 10; i++)
        {
            await store.AppendAsync(At(i));
        }

        SpinWait.SpinUntil(() => Volatile.Read(ref attempts) > 0);
        for (int i = 0; i < 5; i++)
        {
            await Task.Delay(40);
            await store.AppendAsync(At(i));
        }

        Assert.That(Volatile.Read(ref attempts), Is.EqualTo(1));
        Assert.That(async () => await store.RunBatchAsync(), Throws.InstanceOf<StorageException>());
        Assert.That(Directory.GetFiles(disk.ScratchFolder, "*.parquet"), Is.Empty);
        disk.BeforeCall = null;
        Assert.That((await store.RunBatchAsync()).End, Is.EqualTo(new LogPosition(15)));
    }

    [Test]
    public async Task A_logger_that_throws_does_not_keep_the_store_from_closing()
    {
        using InMemoryStorage disk = new();
        using ThrowingLoggers loggers = new();
        LambdaStore<Sale> store = Open(disk, o =>
        {
            o.SegmentEvents = 1;
            o.LoggerFactory = loggers;
        });
        loggers.Throws = true;
        for (int i = 0; i < 20; i++)
        {
            await store.AppendAsync(At(i));
        }

        Assert.That(async () => await store.DisposeAsync(), Throws.Nothing);
        loggers.Throws = false;
        await using LambdaStore<Sale> again = Open(disk);
        Assert.That(again.Position, Is.EqualTo(new LogPosition(20)));
    }

    [Test]
    public async Task A_caller_whose_context_is_gone_harms_no_other()
    {
        using InMemoryStorage disk = new();
        using ManualResetEventSlim released = new();
        await using LambdaStore<Sale> store = Open(disk);
        disk.BeforeCall = call =>
        {
            if (call.Operation == StorageOperation.Write)
            {
                released.Wait();
            }
        };
        Task lost = Task.Run(() =>
        {
            SynchronizationContext.SetSynchronizationContext(new GoneContext());
            try
            {
                ValueTask<LogPosition> append = store.AppendAsync(At(1));
                append.GetAwaiter().OnCompleted(() => { });
            }
            finally
            {
                SynchronizationContext.SetSynchronizationContext(null);
            }
        });
        await lost;
        ValueTask<LogPosition> other = store.AppendAsync(At(2));
        released.Set();
        Assert.That(await other.AsTask().WaitAsync(TimeSpan.FromSeconds(20)), Is.EqualTo(new LogPosition(1)));
        Assert.That((await store.GetAsync(ByShop, "A"))!.Result, Is.EqualTo(new Sales(2, 3)));
    }

    [Test]
    public async Task Every_segment_may_hold_one_event_and_the_clock_may_run_backwards()
    {
        using InMemoryStorage disk = new();
        Backwards clock = new();
        for (int life = 0; life < 3; life++)
        {
            await using LambdaStore<Sale> store = Open(disk, o =>
            {
                o.SegmentEvents = 1;
                o.TimeProvider = clock;
            });
            for (int i = 0; i < 10; i++)
            {
                await store.AppendAsync(At(1));
                if (i == 4)
                {
                    await store.RunBatchAsync();
                }

                ViewEntry<string, Sales> entry = (await store.GetAsync(ByShop, "A"))!;
                Assert.That(entry.Result.Count, Is.EqualTo((life * 10) + i + 1));
                Assert.That(entry.Receipt.Position.Value, Is.EqualTo((life * 10) + i + 1));
                Assert.That(entry.Receipt.Layers.Select(l => l.Staleness ?? TimeSpan.Zero), Has.All.GreaterThanOrEqualTo(TimeSpan.Zero));
            }
        }
    }

    [Test]
    public async Task Stores_without_events_views_or_matches_run_batches_and_open_again()
    {
        ViewDefinition<Sale, string, long> none = View.Of<Sale>("none").Where(e => e.Amount > 1_000_000).GroupBy(e => e.Shop).Select(g => g.Count());
        using InMemoryStorage disk = new();
        for (int life = 0; life < 3; life++)
        {
            await using LambdaStore<Sale> store = Open(disk, o => o.AddView(none));
            Assert.That((await store.Query(none).ExecuteAsync()).Rows, Is.Empty);
            Assert.That((await store.RunBatchAsync()).End, Is.EqualTo(new LogPosition(life)));
            await store.AppendAsync(At(1));
            Assert.That((await store.RunBatchAsync()).End, Is.EqualTo(new LogPosition(life + 1)));
            Assert.That((await store.Query(none).ExecuteAsync()).Rows, Is.Empty);
            Assert.That((await store.Query(none).Where(k => k == "A").ExecuteAsync()).Rows, Is.Empty);
            Assert.That(await store.GetAsync(none, "A"), Is.Null);
            Assert.That((await store.Query(none).OrderBy(r => r.Result).Take(0).ExecuteAsync()).Rows, Is.Empty);
        }

        using InMemoryStorage bare = new();
        LambdaStoreOptions<Sale> options = new();
        options.EventTime(e => e.Time);
        options.Validate();
        for (int life = 0; life < 2; life++)
        {
            await using LambdaStore<Sale> store = StoreOpening.Open("bare", bare, options);
            await store.AppendAsync(At(1));
            Assert.That((await store.RunBatchAsync()).End, Is.EqualTo(new LogPosition(life + 1)));
        }
    }

    [Test]
    public async Task Windows_at_the_ends_of_time_are_found_by_every_path()
    {
        ViewDefinition<Sale, DateTimeOffset, long> odd = View.Of<Sale>("odd").GroupBy(e => Window.Of(e.Time, TimeSpan.FromDays(36_500_000 / 10))).Select(g => g.Count());
        ViewDefinition<Sale, DateTimeOffset, long> sevenths = View.Of<Sale>("sevenths").GroupBy(e => Window.Of(e.Time, TimeSpan.FromMinutes(7))).Select(g => g.Count());
        DateTimeOffset[] times = [DateTimeOffset.MinValue, DateTimeOffset.MinValue.AddTicks(15), DateTimeOffset.UnixEpoch.AddTicks(-1), DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue, Noon, new(1900, 1, 1, 0, 0, 0, TimeSpan.FromHours(14))];
        using InMemoryStorage disk = new();
        await using (LambdaStore<Sale> store = Open(disk, o => o.AddView(odd).AddView(sevenths)))
        {
            await store.AppendAsync(times.Select(t => new Sale(t, "A", 1)).ToArray());
            await Check(store);
            await store.RunBatchAsync();
            await Check(store);
        }

        await using LambdaStore<Sale> again = Open(disk, o => o.AddView(odd).AddView(sevenths));
        await Check(again);

        async Task Check(LambdaStore<Sale> store)
        {
            Assert.That((await store.Query(odd).Between(DateTimeOffset.MinValue, DateTimeOffset.MaxValue).ExecuteAsync()).Rows.Sum(r => r.Result), Is.EqualTo(times.Length));
            Assert.That((await store.Query(ByHour).Between(DateTimeOffset.MinValue, DateTimeOffset.MaxValue).ExecuteAsync()).Rows.Sum(r => r.Result), Is.EqualTo(times.Length));
            Assert.That((await store.Query(sevenths).Between(DateTimeOffset.MinValue, DateTimeOffset.MaxValue).ExecuteAsync()).Rows.Sum(r => r.Result), Is.EqualTo(times.Length));
            foreach (DateTimeOffset time in times)
            {
                DateTimeOffset start = Window.Of(time, TimeSpan.FromMinutes(7));
                DateTimeOffset low = start.UtcTicks < TimeSpan.TicksPerHour ? DateTimeOffset.MinValue : start.AddMinutes(-1);
                DateTimeOffset high = start > DateTimeOffset.MaxValue.AddMinutes(-1) ? DateTimeOffset.MaxValue : start.AddMinutes(1);
                long expected = times.Count(t => Window.Of(t, TimeSpan.FromMinutes(7)) == start);
                Assert.That((await store.Query(sevenths).Between(low, high).ExecuteAsync()).Rows.Sum(r => r.Result), Is.EqualTo(expected), $"{time:O}");
                Assert.That((await store.GetAsync(sevenths, start))!.Result, Is.EqualTo(expected), $"{time:O}");
                Assert.That((await store.Query(ByHour).Where(k => k.Shop == "A").Between(Window.Hour(time), Window.Hour(time).AddTicks(10)).ExecuteAsync()).Rows, Has.Count.EqualTo(1), $"{time:O}");
            }
        }
    }

    [Test]
    public async Task Structs_and_inherited_records_are_events_too()
    {
        ViewDefinition<Reading, int, double> readings = View.Of<Reading>("r").GroupBy(e => e.Sensor).Select(g => g.Max(e => e.Value));
        using InMemoryStorage disk = new();
        LambdaStoreOptions<Reading> options = new() { SegmentEvents = 3 };
        options.EventTime(e => e.Time).AddView(readings);
        options.Validate();
        for (int life = 0; life < 3; life++)
        {
            await using LambdaStore<Reading> store = StoreOpening.Open("structs", disk, options);
            await store.AppendAsync(new Reading(Noon, 7, life));
            Assert.That((await store.GetAsync(readings, 7))!.Result, Is.EqualTo(life));
            await store.RunBatchAsync();
            Assert.That((await store.GetAsync(readings, 7))!.Result, Is.EqualTo(life));
        }

        ViewDefinition<Refund, string, long> refunds = View.Of<Refund>("r").Where(e => e.Shop != "").GroupBy(e => e.Reason).Select(g => g.Sum(e => e.Amount));
        using InMemoryStorage other = new();
        LambdaStoreOptions<Refund> inherited = new();
        inherited.EventTime(e => e.Time).AddView(refunds);
        inherited.Validate();
        for (int life = 0; life < 3; life++)
        {
            await using LambdaStore<Refund> store = StoreOpening.Open("inherited", other, inherited);
            await store.AppendAsync(new Refund(Noon, "A", 5, "late"));
            Assert.That((await store.GetAsync(refunds, "late"))!.Result, Is.EqualTo(5 * (life + 1)));
            await store.RunBatchAsync();
            Assert.That((await store.GetAsync(refunds, "late"))!.Result, Is.EqualTo(5 * (life + 1)));
        }
    }

    [Test]
    public async Task Queries_while_batches_swap_and_the_store_closes_are_exact_or_refused()
    {
        using InMemoryStorage disk = new();
        LambdaStore<Sale> store = Open(disk, o => o.SegmentEvents = 100);
        using CancellationTokenSource stop = new();
        Task[] readers = [.. Enumerable.Range(0, 3).Select(n => Task.Run(async () =>
        {
            long seen = 0;
            while (true)
            {
                try
                {
                    ViewAnswer<string, Sales> answer = await store.Query(ByShop).WithConsistency(n == 0 ? Consistency.Applied : Consistency.Latest).ExecuteAsync();
                    Assert.That(answer.Rows.Sum(r => r.Result.Count), Is.EqualTo(answer.Receipt.Position.Value));
                    Assert.That(answer.Receipt.Position.Value, Is.GreaterThanOrEqualTo(seen));
                    seen = answer.Receipt.Position.Value;
                    ViewEntry<string, Sales>? entry = await store.GetAsync(ByShop, "A");
                    Assert.That(entry?.Result.Count ?? 0, Is.EqualTo(entry?.Receipt.Position.Value ?? 0));
                }
                catch (ObjectDisposedException)
                {
                    return;
                }
            }
        }))];
        Task batches = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await store.RunBatchAsync();
            }
        });
        for (int i = 0; i < 300; i++)
        {
            await store.AppendAsync(Enumerable.Repeat(At(1), 3).ToArray());
        }

        await stop.CancelAsync();
        await batches;
        await store.DisposeAsync();
        await Task.WhenAll(readers);
    }

    [Test]
    public async Task A_batch_may_be_cancelled_or_fail_at_any_call_and_the_next_one_catches_up()
    {
        for (int failAt = 1; failAt < 60; failAt++)
        {
            using InMemoryStorage disk = new();
            await using LambdaStore<Sale> store = Open(disk);
            await store.AppendAsync(At(1));
            await store.RunBatchAsync();
            await store.AppendAsync(At(2));
            int left = failAt;
            disk.BeforeCall = call =>
            {
                if (!call.Path.StartsWith("wal", StringComparison.Ordinal) && --left == 0)
                {
                    throw new StorageException("Once.");
                }
            };
            try
            {
                await store.RunBatchAsync();
            }
            catch (LambdaCoreException)
            {
            }

            Assert.That((await store.GetAsync(ByShop, "A"))!.Result, Is.EqualTo(new Sales(2, 3)), $"{failAt}");
            await store.AppendAsync(At(3));
            disk.BeforeCall = null;
            try
            {
                await store.RunBatchAsync();
            }
            catch (LambdaCoreException error)
            {
                Assert.That(error.Message, Does.Contain("open it again").Or.Contain("Open the store again"), $"{failAt}");
            }

            Assert.That((await store.GetAsync(ByShop, "A"))!.Result, Is.EqualTo(new Sales(3, 6)), $"{failAt}");
            Assert.That((await store.Query(ByHour).ExecuteAsync()).Rows.Sum(r => r.Result), Is.EqualTo(3), $"{failAt}");
            if (left > 0)
            {
                TestContext.Out.WriteLine($"a batch makes {failAt - left} calls");
                return;
            }
        }
    }

    [Test]
    public async Task Events_that_nasty_definitions_meet_do_not_stop_the_store()
    {
        ViewDefinition<Nasty, int?, long> divided = View.Of<Nasty>("divided").Where(e => 10 / e.Number > 0).GroupBy(e => (int?)(e.Number % e.Number)).Select(g => g.Sum(e => e.Long * e.Long));
        ViewDefinition<Nasty, int?, int?> valued = View.Of<Nasty>("valued").GroupBy(e => (int?)(e.Optional!.Value + 1)).Select(g => g.Max(e => (int?)e.Text!.Length));
        ViewDefinition<Nasty, string?, decimal> texts = View.Of<Nasty>("texts").GroupBy(e => (string?)e.Text!.Substring(3)).Select(g => g.Sum(e => e.Money * 3));
        using InMemoryStorage disk = new();
        for (int life = 0; life < 2; life++)
        {
            LambdaStoreOptions<Nasty> options = new();
            options.EventTime(e => e.Time).AddView(divided).AddView(valued).AddView(texts);
            options.Validate();
            await using LambdaStore<Nasty> store = StoreOpening.Open("nasty", disk, options);
            await store.AppendAsync(new Nasty(Noon, 0, long.MaxValue, null, null, decimal.MaxValue));
            await store.AppendAsync(new Nasty(DateTimeOffset.MaxValue, 1, long.MinValue, int.MaxValue, "", decimal.MinValue));
            await store.AppendAsync(new Nasty(DateTimeOffset.MinValue, int.MinValue, long.MinValue, int.MinValue, "a", 1e-9m));
            await store.RunBatchAsync();
            Assert.That(store.Position.Value, Is.EqualTo(3 * (life + 1)));
        }
    }

    [Test]
    public void Waiting_that_was_cancelled_leaves_nothing_behind()
    {
        Progress progress = new(LogPosition.Zero, LambdaCore.Values.EventTimeTally.None, long.MinValue);
        using CancellationTokenSource stop = new();
        ValueTask cancelled = progress.WaitAsync(new LogPosition(1), stop.Token);
        ValueTask patient = progress.WaitAsync(new LogPosition(1), CancellationToken.None);
        Assert.That(progress.Waiting, Is.EqualTo(2));
        stop.Cancel();
        Assert.That(async () => await cancelled, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(progress.Waiting, Is.EqualTo(1));
        progress.Advance(new LogPosition(1), 0);
        Assert.That(async () => await patient, Throws.Nothing);
        Assert.That(progress.Waiting, Is.Zero);
    }

    [Test]
    public async Task A_group_too_large_to_count_its_moves_does_not_stop_the_speed_layer()
    {
        using InMemoryStorage disk = new();
        using ManualResetEventSlim scanning = new();
        using ManualResetEventSlim released = new();
        using SpeedLayer<Tick> speed = new(new SpeedOptions(disk, "speed") { FlushKeys = 2 }, LogPosition.Zero);
        var view = speed.AddSums();
        speed.Apply(new Tick(0, 1));
        Task scanner = Task.Run(() => view.Scan(() => LogPosition.Zero, KeyRange.All, (_, _, in _) =>
        {
            scanning.Set();
            released.Wait();
        }));
        scanning.Wait();
        speed.Apply(new Tick(1, 1), new Tick(2, 1), new Tick(3, 1));
        released.Set();
        await scanner;
        Assert.That(() => speed.MoveFrozen(int.MaxValue), Throws.Nothing);
        Assert.That(view.Scan(LogPosition.Zero, KeyRange.All, out LogPosition position), Has.Count.EqualTo(4));
        Assert.That(position, Is.EqualTo(new LogPosition(4)));
    }

    [Test]
    public async Task A_store_that_cannot_delete_what_it_spilled_gives_up_its_folder_all_the_same()
    {
        using InMemoryStorage disk = new();
        Sale[] sales = [.. Enumerable.Range(0, 22_000).Select(n => At(n) with { Shop = n.ToString("D1000", CultureInfo.InvariantCulture) })];
        LambdaStore<Sale> store = Open(disk, o => o.SpeedMemoryBytes = 16 << 20);
        await store.AppendAsync(sales);
        disk.BeforeCall = Fail;
        Assert.That(async () => await store.DisposeAsync(), Throws.InstanceOf<StorageException>());
        disk.BeforeCall = call =>
        {
            if (call.Operation == StorageOperation.Write)
            {
                Fail(call);
            }
        };
        Assert.That(() => Open(disk, o => o.SpeedMemoryBytes = 16 << 20), Throws.InstanceOf<LambdaCoreException>().And.Not.InstanceOf<StoreLockedException>());
        disk.BeforeCall = null;
        await using LambdaStore<Sale> again = Open(disk, o => o.SpeedMemoryBytes = 16 << 20);
        Assert.That((await again.GetAsync(ByShop, sales[2].Shop))!.Result, Is.EqualTo(new Sales(1, 2)));

        static void Fail(StorageCall call)
        {
            if (call.Path.StartsWith("speed/", StringComparison.Ordinal))
            {
                throw new StorageException("The disk is gone.");
            }
        }
    }

    private static Sale At(long amount) => new(Noon, "A", amount);

    private static LambdaStore<Sale> Open(InMemoryStorage disk, Action<LambdaStoreOptions<Sale>>? configure = null)
    {
        LambdaStoreOptions<Sale> options = new() { BatchThreads = 1 };
        options.EventTime(e => e.Time).AddView(ByShop).AddView(ByHour);
        configure?.Invoke(options);
        options.Validate();
        return StoreOpening.Open("simulated", disk, options);
    }

    private record Sale(DateTimeOffset Time, string Shop, long Amount);

    private sealed record Refund(DateTimeOffset Time, string Shop, long Amount, string Reason) : Sale(Time, Shop, Amount);

    private readonly record struct Reading(DateTimeOffset Time, int Sensor, double Value);

    private sealed record Nasty(DateTimeOffset Time, int Number, long Long, int? Optional, string? Text, decimal Money);

    private sealed record Sales(long Count, long Amount);

    private readonly record struct HourAndShop(DateTimeOffset Hour, string Shop);

    private sealed class GoneContext : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) => throw new InvalidOperationException("The thread is gone.");
    }

    private sealed class Backwards : TimeProvider
    {
        private long _ticks = Noon.UtcTicks;

        public override DateTimeOffset GetUtcNow() => new(Interlocked.Add(ref _ticks, -TimeSpan.TicksPerSecond), TimeSpan.Zero);
    }

    private sealed class ThrowingLoggers : ILoggerFactory, ILogger
    {
        public bool Throws { get; set; }

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (Throws)
            {
                throw new InvalidOperationException("No log today.");
            }
        }

        public void Dispose()
        {
        }
    }
}
