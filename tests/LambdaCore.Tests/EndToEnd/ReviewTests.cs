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

    [TestCase("shop=Z", "Z")]
    [TestCase("amount=7", "7")]
    [TestCase("a[b]c", "x")]
    [TestCase("what*is?this", "x")]
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
