using System.Globalization;
using LambdaCore.CrashHost;
using LambdaCore.DuckDb;
using LambdaCore.Log;
using LambdaCore.Tests.EndToEnd;
using NUnit.Framework;

namespace LambdaCore.Tests.Faults;

/// <summary>What a store must hold after all that was done to it, and whether it does.</summary>
internal sealed class FaultModel
{
    private List<ModelEvent> _events = [];

    /// <summary>The same knowledge, to go on apart.</summary>
    public FaultModel Copy() => new() { _events = [.. _events] };

    /// <summary>Opens a store after faults, and compares everything with what was told about it.</summary>
    /// <param name="folder">The store.</param>
    /// <param name="lives">What was told since the last check. If there are several, only the last one has changes.</param>
    public async Task CheckAsync(string folder, params FaultLife[] lives)
    {
        foreach (FaultLife life in lives)
        {
            Assert.That(life.Wrong, Is.Empty, "The host itself saw that something is wrong.");
        }

        await using (LambdaStore<MarkedEvent> store = await LambdaStore.OpenAsync<MarkedEvent>(folder, MarkedViews.Configure))
        {
            ViewAnswer<int, MarkedTotals> totals = await store.Query(MarkedViews.ByProducer).ExecuteAsync();
            foreach (FaultLife life in lives)
            {
                Append(life, totals.Rows.FirstOrDefault(r => r.Key == life.Number)?.Result.Count ?? 0);
            }

            Assert.That(store.Position.Value, Is.EqualTo(_events.Count), "The log's end is not the number of its events.");
            await AdoptAsync(store, lives);
        }

        foreach ((long position, string path, bool isDone) in lives.SelectMany(l => l.Forks))
        {
            await CheckForkAsync(position, path, isDone);
        }
    }

    /// <summary>Adds what the life appended: as much as the store has, if that can be.</summary>
    private void Append(FaultLife life, long count)
    {
        int start = _events.Count;
        Assert.That(count, Is.GreaterThanOrEqualTo(life.Acknowledged.Select(a => a.First + a.Count).DefaultIfEmpty().Max()), "Acknowledged events are lost.");
        Assert.That(
            count == 0 || life.Attempts.Any(a => a.First + a.Count == count), Is.True, $"The last append of life {life.Number} is there in part: {count} events.");
        Assert.That(life.Acknowledged.Where(a => a.Position != start + a.First), Is.Empty, "Events are not where they were acknowledged.");
        for (long number = 0; number < count; number++)
        {
            _events.Add(new ModelEvent(life.Number, number, null, false));
        }
    }

    /// <summary>Finds out which of the changes that were not acknowledged have happened, and compares the store with that.</summary>
    private async Task AdoptAsync(LambdaStore<MarkedEvent> store, FaultLife[] lives)
    {
        (FaultChange Change, bool IsDone)[] changes = [.. lives.SelectMany(l => l.Changes)];
        int[] open = [.. Enumerable.Range(0, changes.Length).Where(i => !changes[i].IsDone)];
        List<ModelEvent> before = _events;
        List<string> seen = Lines(MasterDataset(store));
        List<string> expected = [];
        for (int choice = 0; choice < 1 << open.Length; choice++)
        {
            List<ModelEvent> after = [.. before];
            for (int i = 0; i < changes.Length; i++)
            {
                if (changes[i].IsDone || (choice >> Array.IndexOf(open, i) & 1) == 1)
                {
                    Apply(changes[i].Change, after);
                }
            }

            expected = Lines(Expected(after, store.RawStart.Value));
            _events = after;
            if (expected.SequenceEqual(seen))
            {
                break;
            }
        }

        Assert.That(seen, Is.EqualTo(expected), $"The master dataset differs, whatever became of the {open.Length} changes that were not acknowledged.");
        await CompareViewsAsync(store, _events);
    }

    private async Task CheckForkAsync(long position, string path, bool isDone)
    {
        bool isThere = Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any();
        Assert.That(isThere || !isDone, Is.True, $"The fork '{path}' was acknowledged and is not there.");
        if (isThere)
        {
            await using (LambdaStore<MarkedEvent> fork = await LambdaStore.OpenAsync<MarkedEvent>(path, MarkedViews.Configure))
            {
                Assert.That(fork.Position.Value, Is.InRange(position, _events.Count), "The fork lacks events that were acknowledged before.");
                List<ModelEvent> prefix = _events[..(int)fork.Position.Value];
                Assert.That(Lines(MasterDataset(fork)), Is.EqualTo(Lines(Expected(prefix, fork.RawStart.Value))), "The fork's master dataset differs.");
                await CompareViewsAsync(fork, prefix);
            }

            Directory.Delete(path, recursive: true);
        }
    }

    private static void Apply(FaultChange change, List<ModelEvent> events)
    {
        for (int position = (int)change.RawStart; position < events.Count; position++)
        {
            ModelEvent e = events[position];
            if (e.Producer == change.Producer && e.Number % 5 == change.Remainder)
            {
                events[position] = change.Mark == 0 ? e with { IsErased = true } : e with { Mark = change.Mark };
            }
        }
    }

    private static async Task CompareViewsAsync(LambdaStore<MarkedEvent> store, List<ModelEvent> events)
    {
        ModelEvent[] live = [.. events.Where(e => !e.IsErased)];
        ViewAnswer<int, MarkedTotals> totals = await store.Query(MarkedViews.ByProducer).ExecuteAsync();
        Assert.That(
            totals.Rows.Select(r => (r.Key, r.Result)),
            Is.EqualTo(live.GroupBy(e => e.Producer).OrderBy(g => g.Key).Select(g => (g.Key, new MarkedTotals(g.Count(), g.Max(e => e.Number), g.Sum(e => e.Number), g.Sum(e => e.Mark ?? 0))))),
            "A view is not the fold of what is there.");
        ViewAnswer<DateTimeOffset, long> hours = await store.Query(MarkedViews.ByHour).ExecuteAsync();
        Assert.That(
            hours.Rows.Select(r => (r.Key, r.Result)),
            Is.EqualTo(live.GroupBy(e => Window.Hour(MarkedEvent.Of(e.Producer, e.Number).At)).OrderBy(g => g.Key).Select(g => (g.Key, (long)g.Count()))),
            "A view of windows is not the fold of what is there.");
        Assert.That(totals.Receipt.Position, Is.EqualTo(store.Position));
    }

    private static IEnumerable<(long Position, MarkedEvent Event)> Expected(List<ModelEvent> events, long rawStart) => events
        .Select((e, position) => (Position: (long)position, Model: e))
        .Where(e => e.Position >= rawStart && !e.Model.IsErased)
        .Select(e => (e.Position, MarkedEvent.Of(e.Model.Producer, e.Model.Number) with { Mark = e.Model.Mark }));

    private static List<string> Lines(IEnumerable<(long Position, MarkedEvent Event)> events) =>
        [.. events.Select(e => string.Create(CultureInfo.InvariantCulture, $"{e.Position} {e.Event.Producer} {e.Event.Number} {e.Event.Text} {e.Event.Mark}"))];

    private static List<(long Position, MarkedEvent Event)> MasterDataset(LambdaStore<MarkedEvent> store)
    {
        List<(long, MarkedEvent)> events = [];
        OpenStore<MarkedEvent> parts = StoreInternals<MarkedEvent>.Of(store);
        parts.Log.SealAsync(store.Position, CancellationToken.None).GetAwaiter().GetResult();
        if (store.Position == store.RawStart)
        {
            return events;
        }

        using MaterialisedSegments held = parts.Log.Segments(new LogRange(store.RawStart, store.Position));
        using DuckDbConnection connection = parts.DuckDb.Connect();
        using DuckDbResult result = connection.Query($"""SELECT _position, "Producer", "Number", "Text", "Mark" FROM {held.Source} ORDER BY _position""");
        while (result.NextChunk())
        {
            for (int row = 0; row < result.RowCount; row++)
            {
                int producer = (int)result.Column(1).Value(row)!;
                long number = (long)result.Column(2).Value(row)!;
                events.Add(((long)result.Column(0).Value(row)!, MarkedEvent.Of(producer, number) with
                {
                    Text = (string)result.Column(3).Value(row)!, Mark = (long?)result.Column(4).Value(row),
                }));
            }
        }

        return events;
    }

    /// <summary>An event that was appended.</summary>
    private readonly record struct ModelEvent(int Producer, long Number, long? Mark, bool IsErased);
}
