using LambdaCore.Storage;

namespace LambdaCore.Tests.EndToEnd.Retaining;

/// <summary>An event whose content follows from its number.</summary>
internal sealed record Tick(DateTimeOffset Time, int Group, long Number)
{
    public static Tick At(long number) => new(DateTimeOffset.UnixEpoch.AddSeconds(number * 7 % 1000), (int)(number * 31 % 5), number);
}

internal sealed record Totals(long Count, long Sum, long Max, long Distinct);

/// <summary>A store of ticks on a simulated disk, with a simulated clock, and the answers that it must give.</summary>
internal sealed class RetentionScene : IDisposable
{
    public static ViewDefinition<Tick, int, Totals> ByGroup { get; } = Groups("by_group");

    public static ViewDefinition<Tick, DateTimeOffset, long> ByMinute { get; } =
        View.Of<Tick>("by_minute").GroupBy(e => Window.Minute(e.Time)).Select(g => g.Sum(e => e.Number));

    public InMemoryStorage Disk { get; set; } = new();

    public SimulatedClock Clock { get; } = new();

    /// <summary>A scene with the same files and time, each flushed.</summary>
    public RetentionScene Copy()
    {
        RetentionScene copy = new();
        copy.Clock.Advance(Clock.GetUtcNow() - copy.Clock.GetUtcNow());
        CopyFolder("");
        return copy;

        void CopyFolder(string folder)
        {
            copy.Disk.CreateFolder(folder);
            string prefix = folder.Length == 0 ? "" : $"{folder}/";
            foreach (string file in Disk.List(folder).Select(f => prefix + f))
            {
                copy.Disk.PublishNew(file, Disk.ReadAll(file));
            }

            foreach (string child in Disk.ListFolders(folder))
            {
                CopyFolder(prefix + child);
            }
        }
    }

    /// <summary>Totals by group under any name.</summary>
    public static ViewDefinition<Tick, int, Totals> Groups(string name) => View.Of<Tick>(name)
        .GroupBy(e => e.Group)
        .Select(g => new Totals(g.Count(), g.Sum(e => e.Number), g.Max(e => e.Number), g.ApproxDistinct(e => e.Number)));

    /// <summary>Opens the store; without a choice of views with both.</summary>
    public LambdaStore<Tick> Open(Retention? retention = null, params ViewDefinition<Tick>[] views)
    {
        LambdaStoreOptions<Tick> options = new() { BatchThreads = 1, TimeProvider = Clock, Retention = retention ?? Retention.Forever };
        options.EventTime(e => e.Time);
        foreach (ViewDefinition<Tick> view in views.Length == 0 ? [ByGroup, ByMinute] : views)
        {
            options.AddView(view);
        }

        options.Validate();
        return StoreOpening.Open("simulated", Disk, options);
    }

    /// <summary>Opens the store with both views, one of them under a name that it did not have before.</summary>
    public LambdaStore<Tick> OpenRenamed(ViewDefinition<Tick> renamed, string former)
    {
        LambdaStoreOptions<Tick> options = new() { BatchThreads = 1, TimeProvider = Clock };
        options.EventTime(e => e.Time).AddView(ByMinute).AddView(renamed, formerName: former);
        options.Validate();
        return StoreOpening.Open("simulated", Disk, options);
    }

    /// <summary>Appends the next events.</summary>
    public static async Task AppendAsync(LambdaStore<Tick> store, int count)
    {
        long next = store.Position.Value;
        await store.AppendAsync(Enumerable.Range(0, count).Select(i => Tick.At(next + i)).ToArray());
    }

    /// <summary>Appends events, a segment and a batch each, an hour apart.</summary>
    public async Task AppendBatchesAsync(LambdaStore<Tick> store, params int[] counts)
    {
        foreach (int count in counts)
        {
            await AppendAsync(store, count);
            await store.RunBatchAsync();
            Clock.Advance(TimeSpan.FromHours(1));
        }
    }

    /// <summary>Says what is wrong with the answers of a store that was given events by their numbers; null if nothing is.</summary>
    /// <param name="store">The store.</param>
    /// <param name="start">The first event that the views count.</param>
    /// <param name="byGroup">The view of groups, if it has another name.</param>
    public static async Task<string?> WrongAsync(LambdaStore<Tick> store, long start = 0, ViewDefinition<Tick, int, Totals>? byGroup = null)
    {
        long end = store.Position.Value;
        Tick[] events = [.. Enumerable.Range((int)start, (int)(end - start)).Select(n => Tick.At(n))];
        ViewAnswer<int, Totals> answer = await store.Query(byGroup ?? ByGroup).ExecuteAsync();
        (int, Totals)[] expected =
        [
            .. events.GroupBy(e => e.Group).OrderBy(g => g.Key)
                .Select(g => (g.Key, new Totals(g.Count(), g.Sum(e => e.Number), g.Max(e => e.Number), g.Count()))),
        ];
        if (answer.Receipt.Range != new LogRange(new LogPosition(start), new LogPosition(end)) || !answer.Rows.Select(r => (r.Key, r.Result)).SequenceEqual(expected))
        {
            return $"{answer.Receipt}: {string.Join(", ", answer.Rows.Select(r => (r.Key, r.Result)))}, but it must be {string.Join(", ", expected)}";
        }

        foreach ((int key, Totals totals) in expected)
        {
            if ((await store.GetAsync(byGroup ?? ByGroup, key))?.Result != totals)
            {
                return $"key {key} by lookup is not {totals}";
            }
        }

        if (byGroup is not null)
        {
            return null;
        }

        Dictionary<DateTimeOffset, long> minutes = (await store.Query(ByMinute).ExecuteAsync()).Rows.ToDictionary(r => r.Key, r => r.Result);
        return minutes.OrderBy(m => m.Key).Select(m => (m.Key.UtcTicks / TimeSpan.TicksPerMinute, m.Value))
            .SequenceEqual(events.GroupBy(e => e.Time.UtcTicks / TimeSpan.TicksPerMinute).OrderBy(g => g.Key).Select(g => (g.Key, g.Sum(e => e.Number))))
            ? null
            : "the minutes differ";
    }

    /// <summary>The ranges of a view's batch layers.</summary>
    public static string Layers(LambdaStore<Tick> store, string view = "by_group") =>
        string.Join(' ', StoreInternals<Tick>.Of(store).ViewsByName[view].Snapshot.Batches.Select(b => b.Range));

    public void Dispose() => Disk.Dispose();
}
