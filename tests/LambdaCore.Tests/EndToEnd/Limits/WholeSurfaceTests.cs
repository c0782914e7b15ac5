using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using LambdaCore.Tests.Speed;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Limits;

/// <summary>Every public member of a store, called by many threads at once; then everything is exact. A member that is not called here fails the test.</summary>
[TestFixture]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class WholeSurfaceTests
{
    private const int Threads = 6;
    private const int CallsPerThread = 60;

    private static readonly ViewDefinition<Purchase, string, Sold> ByProduct = View.Of<Purchase>("by_product").GroupBy(e => e.Product).Select(g => new Sold(g.Count(), g.Sum(e => e.Price), g.Count(e => e.Note == "good")));

    private readonly ConcurrentDictionary<string, long> _appended = [];
    private readonly ConcurrentQueue<string> _violations = [];
    private string _folder = "";
    private LambdaStore<Purchase> _store = null!;
    private int _names;

    [Test]
    public async Task Every_member_may_be_called_by_any_thread_at_any_time()
    {
        int seed = Seeds.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        Dictionary<string, Func<Random, Task>> actions = Actions();
        string[] members = [.. typeof(LambdaStore<Purchase>).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly).Select(Name).Order(StringComparer.Ordinal)];
        Assert.That(actions.Keys.Append("DisposeAsync()").Order(StringComparer.Ordinal), Is.EqualTo(members), "Each public member needs an action in this test, under its name and the names of its parameters.");
        _folder = Directory.CreateTempSubdirectory("lambdacore-surface-").FullName;
        try
        {
            ConcurrentDictionary<string, int> calls = [];
            _store = await OpenAsync();
            string[] names = [.. actions.Keys];
            await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(async () =>
            {
                Random random = new(unchecked(seed + thread));
                for (int call = 0; call < CallsPerThread; call++)
                {
                    // Each thread begins somewhere else, so that all members are called however few calls there are.
                    string name = call < names.Length ? names[(call + (thread * names.Length / Threads)) % names.Length] : names[random.Next(names.Length)];
                    try
                    {
                        await actions[name](random);
                        calls.AddOrUpdate(name, 1, (_, n) => n + 1);
                    }
                    catch (Exception error)
                    {
                        _violations.Enqueue($"{name}: {error}");
                    }
                }
            })));
            Assert.That(_violations, Is.Empty, $"seed {seed}");
            Assert.That(calls.Keys, Is.EquivalentTo(names));
            await CheckAsync("in the end");
            await _store.RunBatchAsync();
            await CheckAsync("after a batch");

            // Disposal by many at once, with questions under way.
            Task[] questions = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(AskUntilClosedAsync))];
            await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => _store.DisposeAsync().AsTask())));
            await Task.WhenAll(questions);
            _store = await OpenAsync();
            await CheckAsync("opened again");
            await _store.DisposeAsync();
        }
        finally
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private static string Name(MethodInfo method) => $"{method.Name}({string.Join(", ", method.GetParameters().Select(p => p.Name is "where" or "set" && p.ParameterType == typeof(string) ? $"{p.Name} in SQL" : p.Name))})";

    private Dictionary<string, Func<Random, Task>> Actions() => new()
    {
        ["get_Position()"] = _ => Call(() => Expect(_store.Position >= LogPosition.Zero)),
        ["get_SealedPosition()"] = _ => Call(() => Expect(_store.SealedPosition <= _store.Position)),
        ["get_RawStart()"] = _ => Call(() => Expect(_store.RawStart == LogPosition.Zero)),
        ["get_BatchStatus()"] = _ => Call(() => Expect(_store.BatchStatus.ConsecutiveFailures == 0)),
        ["get_Drift()"] = _ => Call(() => Expect(_store.Drift.Mismatches == 0)),
        ["get_EventTime()"] = _ => Call(() => Expect(_store.EventTime is not null)),
        ["get_Rebuilds()"] = _ => Call(() => Expect(_store.Rebuilds.All(r => r.Status.View == "by_product"))),
        ["Describe()"] = _ => Call(() => Expect(_store.Describe().Contains("by_product", StringComparison.Ordinal))),
        ["ToString()"] = _ => Call(() => Expect(_store.ToString().Length > 0)),
        ["AppendAsync(e, cancellationToken)"] = async random => await AppendAsync(random, 1),
        ["AppendAsync(events, cancellationToken)"] = async random => await AppendAsync(random, 1 + random.Next(20)),
        ["RunBatchAsync(cancellationToken)"] = _ => _store.RunBatchAsync(),
        ["RunBatchAsync(mode, progress, cancellationToken)"] = random => _store.RunBatchAsync(random.Next(3) == 0 ? BatchMode.Full : BatchMode.Incremental),
        ["ReadDeadLettersAsync(cancellationToken)"] = async _ => Expect(await CountAsync(_store.ReadDeadLettersAsync()) == 0),
        ["Query(view)"] = async _ =>
        {
            ViewAnswer<string, Sold> answer = await _store.Query(ByProduct).ExecuteAsync();
            Expect(answer.Rows.All(r => r.Result.Price == 1.5m * r.Result.Count), "prices follow counts");
        },
        ["GetAsync(view, key, consistency, reconciliation, cancellationToken)"] = async random =>
        {
            string product = $"p{random.Next(5)}";
            long acknowledged = _appended.GetValueOrDefault(product);
            ViewEntry<string, Sold>? entry = await _store.GetAsync(ByProduct, product);
            Expect((entry?.Result.Count ?? 0) >= acknowledged, "what was acknowledged is seen");
        },
        ["AsOf(position)"] = async random =>
        {
            LogPosition position = new(random.NextInt64(_store.Position.Value + 1));
            Expect((await _store.AsOf(position).Query(ByProduct).ExecuteAsync()).Rows.Sum(r => r.Result.Count) <= position.Value);
        },
        ["AsOf(time)"] = async _ => Expect((await _store.AsOf(DateTimeOffset.UtcNow).Query(ByProduct).ExecuteAsync()).Rows.All(r => r.Result.Count > 0)),
        ["ExplainAsync(view, key, cancellationToken)"] = async random =>
        {
            ViewExplanation<Purchase, string, Sold> explained = await _store.ExplainAsync(ByProduct, $"p{random.Next(5)}");
            try
            {
                long events = await CountAsync(explained.Events);
                Expect(events == (explained.Row?.Result.Count ?? 0), "as many events as the row counts");
            }
            catch (LambdaCoreException error) when (error.Message.Contains("changed", StringComparison.Ordinal) || error.Message.Contains("gone", StringComparison.Ordinal))
            {
                // The log was changed between the row and its events, and a vacuum took the old ones: that is said, not glossed over.
            }
        },
        ["CorrectAsync(where, set, reason, by, cancellationToken)"] = async random =>
        {
            string product = $"p{random.Next(5)}";
            await _store.CorrectAsync(e => e.Product == product && e.Note == null, s => s.Set(e => e.Note, "good"), "stress");
        },
        ["CorrectAsync(where in SQL, set in SQL, reason, by, cancellationToken)"] = random => _store.CorrectAsync($"Product = 'p{random.Next(5)}' AND Note IS NULL", "Note = 'good'", "stress"),
        ["PreviewAsync(where, set, cancellationToken)"] = async _ => Expect((await _store.PreviewAsync(e => e.Product == "p1", s => s.Set(e => e.Note, "good"))).Events >= 0),
        ["PreviewAsync(where in SQL, set in SQL, cancellationToken)"] = async _ => Expect((await _store.PreviewAsync("Product = 'p1'", "Note = 'good'")).Events >= 0),
        ["ReadChangesAsync(cancellationToken)"] = async _ => Expect((await _store.ReadChangesAsync()).All(c => c.Reason == "stress")),
        ["EraseAsync(where, reason, by, cancellationToken)"] = async random =>
        {
            string doomed = $"doomed{Interlocked.Increment(ref _names)}";
            await _store.AppendAsync(Purchase.Of(doomed));
            Expect((await _store.EraseAsync(e => e.Product == doomed, "stress")).Events == 1, "the erased event");
        },
        ["EraseAsync(where in SQL, reason, by, cancellationToken)"] = async random =>
        {
            string doomed = $"doomed{Interlocked.Increment(ref _names)}";
            await _store.AppendAsync(Purchase.Of(doomed));
            Expect((await _store.EraseAsync($"Product = '{doomed}'", "stress")).Events == 1, "the event erased by SQL");
        },
        ["CreateProducer(name)"] = async random =>
        {
            Producer<Purchase> producer = _store.CreateProducer($"source{Interlocked.Increment(ref _names)}");
            for (int time = 0; time < 2; time++)
            {
                ProducerReceipt receipt = await producer.AppendAsync(new[] { Purchase.Of("p1"), Purchase.Of("p2") }, firstSequence: 5);
                Expect(receipt.Duplicates == 2 * time, "a repetition is known");
            }

            _appended.AddOrUpdate("p1", 1, (_, n) => n + 1);
            _appended.AddOrUpdate("p2", 1, (_, n) => n + 1);
            Expect(producer.LastSequence == 6);
        },
        ["get_Producers()"] = _ => Call(() => Expect(_store.Producers.Values.All(last => last is 6 or 0))),
        ["ForgetProducerAsync(name, cancellationToken)"] = async _ =>
        {
            string name = $"forgotten{Interlocked.Increment(ref _names)}";
            await _store.CreateProducer(name).AppendAsync(Purchase.Of("p3"), 0);
            _appended.AddOrUpdate("p3", 1, (_, n) => n + 1);
            await _store.ForgetProducerAsync(name);
            Expect(!_store.Producers.ContainsKey(name), "a forgotten producer");
        },
        ["ForkAsync(path, cancellationToken)"] = async _ =>
        {
            string path = $"{_folder}/fork{Interlocked.Increment(ref _names)}";
            LogPosition end = await _store.ForkAsync(path);
            Expect(end <= _store.Position);
            Directory.Delete(path, recursive: true);
        },
        ["VacuumAsync(keep, cancellationToken)"] = _ => _store.VacuumAsync(TimeSpan.Zero),
        ["CompactAsync(cancellationToken)"] = _ => _store.CompactAsync(),
        ["ApplyRetentionAsync(cancellationToken)"] = async _ => Expect((await _store.ApplyRetentionAsync()).RawStart == LogPosition.Zero),
        ["DropViewAsync(name, cancellationToken)"] = _ => _store.DropViewAsync("nobody"),
        ["WaitForViewsAsync(cancellationToken)"] = _ => _store.WaitForViewsAsync(),
        ["ReprocessAsync(view, from, to, reason, by, swapByHand, cancellationToken)"] = _ => ReprocessAsync(async () => await (await _store.ReprocessAsync(ByProduct, null, null, "stress")).Completion),
        ["ReprocessAsync(from, to, reason, by, swapByHand, cancellationToken)"] = _ => ReprocessAsync(async () => await Task.WhenAll((await _store.ReprocessAsync(null, null, "stress")).Select(r => r.Completion))),
    };

    private async Task AppendAsync(Random random, int count)
    {
        Purchase[] events = [.. Enumerable.Range(0, count).Select(i => Purchase.Of($"p{random.Next(5)}", i))];
        if (count == 1)
        {
            await _store.AppendAsync(events[0]);
        }
        else
        {
            await _store.AppendAsync(events);
        }

        foreach (Purchase e in events)
        {
            _appended.AddOrUpdate(e.Product, 1, (_, n) => n + 1);
        }
    }

    /// <summary>One rebuild of a view at a time: another order meanwhile is refused, or takes its place.</summary>
    private static async Task ReprocessAsync(Func<Task> order)
    {
        try
        {
            await order();
        }
        catch (Exception error) when (error is InvalidOperationException or OperationCanceledException or LambdaCoreException { InnerException: null })
        {
        }
    }

    private async Task AskUntilClosedAsync()
    {
        try
        {
            while (true)
            {
                await _store.Query(ByProduct).ExecuteAsync();
            }
        }
        catch (ObjectDisposedException)
        {
        }
    }

    private async Task CheckAsync(string when)
    {
        Dictionary<string, Sold> rows = (await _store.Query(ByProduct).ExecuteAsync()).Rows.ToDictionary(r => r.Key, r => r.Result);
        Assert.That(rows.Select(r => (r.Key, r.Value.Count, r.Value.Price)), Is.EquivalentTo(_appended.Select(a => (a.Key, a.Value, 1.5m * a.Value))), when);
    }

    private static async Task<long> CountAsync<T>(IAsyncEnumerable<T> items)
    {
        long count = 0;
        await foreach (T _ in items)
        {
            count++;
        }

        return count;
    }

    private static Task Call(Action action)
    {
        action();
        return Task.CompletedTask;
    }

    private void Expect(bool holds, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(holds))] string what = "")
    {
        if (!holds)
        {
            _violations.Enqueue(string.Create(CultureInfo.InvariantCulture, $"not so: {what}"));
        }
    }

    private Task<LambdaStore<Purchase>> OpenAsync() => LambdaStore.OpenAsync<Purchase>(Path.Combine(_folder, "store"), o =>
    {
        o.EventTime(e => e.At).AddView(ByProduct);
        o.BatchThreads = 1;
    });

    private readonly record struct Sold(long Count, decimal Price, long Good);
}
