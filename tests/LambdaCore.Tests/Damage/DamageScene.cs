using System.Globalization;
using LambdaCore.Storage;
using LambdaCore.Tests.EndToEnd;

namespace LambdaCore.Tests.Damage;

/// <summary>An event that says itself which position it has.</summary>
internal sealed record Reading(DateTimeOffset At, long Number, string Sensor, int Value, string? Note);

internal sealed record Figures(long Count, long Sum, double Sensors);

internal readonly record struct Stay(string Sensor, DateTimeOffset Start);

/// <summary>A small store with every kind of file, and all that it can be asked.</summary>
internal static class DamageScene
{
    /// <summary>The events themselves, as rows: what a salvaged store has is told by them.</summary>
    public static ViewDefinition<Reading, long, Figures> ByNumber { get; } = View.Of<Reading>("by_number").GroupBy(e => e.Number)
        .Select(g => new Figures(g.Count(), g.Sum(e => e.Value), g.ApproxDistinct(e => e.Sensor)));

    private static readonly ViewDefinition<Reading, string, Figures> BySensor = View.Of<Reading>("by_sensor").GroupBy(e => e.Sensor)
        .Select(g => new Figures(g.Count(), g.Sum(e => e.Value), g.ApproxDistinct(e => e.Number)));

    private static readonly ViewDefinition<Reading, Stay, long> Stays = View.Of<Reading>("stays")
        .GroupBy(e => new Stay(e.Sensor, Window.Session(e.At, TimeSpan.FromMinutes(20)))).Select(g => g.Sum(e => e.Value));

    private static readonly DateTimeOffset Noon = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>The event at a position; each seventeenth is much too late.</summary>
    public static Reading At(long number) => new(
        Noon.AddMinutes((number * 3) - (number % 17 == 16 ? 3000 : 0)), number, $"s{number * 7 % 5}", (int)(number * 31 % 101), number % 3 == 0 ? null : $"note {number}");

    /// <summary>Opens the store.</summary>
    public static LambdaStore<Reading> Open(IStorage disk, SimulatedClock clock, RecordedLog? log = null, bool retaining = false) =>
        StoreOpening.Open("memory", disk, Options(clock, log, retaining));

    /// <summary>What it is opened with.</summary>
    public static LambdaStoreOptions<Reading> Options(SimulatedClock clock, RecordedLog? log = null, bool retaining = false)
    {
        LambdaStoreOptions<Reading> options = new()
        {
            BatchThreads = 1,
            TimeProvider = clock,
            LateEvents = LatePolicy.Reject,
            GracePeriod = TimeSpan.FromHours(10),
            Retention = retaining ? Retention.Of(age: TimeSpan.FromHours(3)) : Retention.Forever,
            Rebuilds = new RebuildOptions { FoldedAtOpening = 0, StepEvents = 30, Share = 1 },
        };
        if (log is not null)
        {
            options.LoggerFactory = log;
        }

        options.EventTime(e => e.At).AddView(ByNumber).AddView(BySensor).AddView(Stays);
        options.Validate();
        return options;
    }

    /// <summary>Makes the store: archive layers, several segments and layers, a correction, dead letters, a rebuild that is half done, and a tail in several groups.</summary>
    /// <param name="clock">The time, which goes on.</param>
    /// <param name="beforeLast">What the store is asked, and answers, before its last group.</param>
    /// <returns>Its files as a kill leaves them, and as closing leaves them.</returns>
    public static async Task<(StoreImage Killed, StoreImage Closed)> BuildAsync(SimulatedClock clock, Action<string> beforeLast)
    {
        using InMemoryStorage disk = new();
        await using (LambdaStore<Reading> store = Open(disk, clock, retaining: true))
        {
            foreach (int count in new[] { 30, 10 })
            {
                await AppendAsync(store, count);
                await store.RunBatchAsync();
                clock.Advance(TimeSpan.FromHours(2));
            }

            await store.ApplyRetentionAsync();
            await AppendAsync(store, 25);
            await store.RunBatchAsync();
        }

        await using (LambdaStore<Reading> store = Open(disk, clock))
        {
            await AppendAsync(store, 20);
            await store.RunBatchAsync();
            await store.CorrectAsync(e => e.Number == 71 || e.Number == 52, s => s.Set(e => e.Value, 1000), "a test");
            await AppendAsync(store, 9);
            await store.RunBatchAsync();
            foreach (int count in new[] { 7, 5, 6 })
            {
                await AppendAsync(store, count);
            }
        }

        return await LeaveAsync(disk, clock, beforeLast);
    }

    /// <summary>Everything that the store can be asked, as text.</summary>
    public static async Task<string> AskAsync(LambdaStore<Reading> store)
    {
        List<string> answers = [$"position {store.Position}"];
        await AddAsync(answers, store, ByNumber);
        await AddAsync(answers, store, BySensor);
        await AddAsync(answers, store, Stays);
        await foreach (DeadLetter<Reading> letter in store.ReadDeadLettersAsync())
        {
            answers.Add(string.Create(CultureInfo.InvariantCulture, $"rejected {letter.Position} {letter.Event} {letter.Lateness}"));
        }

        return string.Join('\n', answers);
    }

    /// <summary>The events that count, by number, each as what <see cref="ByNumber"/> says of it.</summary>
    public static async Task<Dictionary<long, Figures>> EventsAsync(LambdaStore<Reading> store) =>
        (await store.Query(ByNumber).ExecuteAsync()).Rows.ToDictionary(r => r.Key, r => r.Result);

    private static async Task AddAsync<TKey, TResult>(List<string> answers, LambdaStore<Reading> store, ViewDefinition<Reading, TKey, TResult> view)
        where TKey : notnull
    {
        List<string> rows = [];
        foreach (ViewEntry<TKey, TResult> row in (await store.Query(view).ExecuteAsync()).Rows)
        {
            rows.Add($"{view.Name} {row.Key} {row.Result}");
            ViewEntry<TKey, TResult>? one = await store.GetAsync(view, row.Key);
            if (one is null || !Equals(one.Result, row.Result))
            {
                rows.Add($"{view.Name} {row.Key}: a point read says {one}");
            }
        }

        answers.AddRange(rows.Order(StringComparer.Ordinal));
    }

    private static async Task AppendAsync(LambdaStore<Reading> store, int count)
    {
        long next = store.Position.Value;
        await store.AppendAsync(Enumerable.Range(0, count).Select(i => At(next + i)).ToArray());
    }

    /// <summary>Begins to compute a view anew, and stops when two parts are done.</summary>
    private static async Task<(StoreImage Killed, StoreImage Closed)> LeaveAsync(InMemoryStorage disk, SimulatedClock clock, Action<string> beforeLast)
    {
        TaskCompletionSource half = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int notes = 0;
        disk.BeforeCall = call =>
        {
            bool isNote = call.Path.Contains("/_rebuild/", StringComparison.Ordinal) && call.Path.EndsWith(".json", StringComparison.Ordinal) && call.Operation == StorageOperation.Rename;
            bool isChange = call.Operation is not (StorageOperation.List or StorageOperation.Open or StorageOperation.Read) && call.Path.Contains("/_rebuild", StringComparison.Ordinal);
            if (half.Task.IsCompleted ? isChange : isNote && ++notes > 3)
            {
                half.TrySetResult();
                throw new StorageException("It stops here.");
            }
        };
        StoreImage killed;
        await using (LambdaStore<Reading> store = Open(disk, clock))
        {
            _ = await store.ReprocessAsync(BySensor, null, null, "a test");
            await half.Task;
            await AppendAsync(store, 4);
            beforeLast(await AskAsync(store));
            await AppendAsync(store, 3);
            killed = StoreImage.Of(disk);
        }

        return (killed, StoreImage.Of(disk));
    }
}
