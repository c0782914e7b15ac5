using LambdaCore.DuckDb;
using LambdaCore.Log;
using LambdaCore.Storage;

namespace LambdaCore.Tests.EndToEnd.Producers;

/// <summary>An event that says who numbered it, and how.</summary>
internal sealed record Sourced(DateTimeOffset At, string Source, long Number)
{
    /// <summary>Events by source.</summary>
    public static ViewDefinition<Sourced, string, long> BySource { get; } = View.Of<Sourced>("by_source").GroupBy(e => e.Source).Select(g => g.Count());

    /// <summary>An event.</summary>
    public static Sourced Of(string source, long number) => new(DateTimeOffset.UnixEpoch.AddSeconds(number), source, number);

    /// <summary>Consecutive events.</summary>
    public static Sourced[] Of(string source, long first, int count) => [.. Enumerable.Range(0, count).Select(i => Of(source, first + i))];

    /// <summary>Opens a store of them.</summary>
    public static LambdaStore<Sourced> Open(IStorage storage, Action<LambdaStoreOptions<Sourced>>? configure = null)
    {
        LambdaStoreOptions<Sourced> options = new() { BatchThreads = 1 };
        options.EventTime(e => e.At).AddView(BySource);
        configure?.Invoke(options);
        options.Validate();
        return StoreOpening.Open("memory", storage, options);
    }

    /// <summary>Seals everything that was acknowledged, and reads all raw events in the order of the log.</summary>
    public static async Task<List<(string Source, long Number)>> ReadAsync(LambdaStore<Sourced> store)
    {
        OpenStore<Sourced> parts = StoreInternals<Sourced>.Of(store);
        await parts.Log.SealAsync(store.Position, CancellationToken.None);
        return Read(parts.Log, parts.DuckDb);
    }

    /// <summary>Reads all sealed events in the order of the log.</summary>
    public static List<(string Source, long Number)> Read(EventLog<Sourced> log, DuckDbEngine duckDb)
    {
        List<(string, long)> events = [];
        if (log.SealedEnd == log.RawStart)
        {
            return events;
        }

        using MaterialisedSegments held = log.Segments(new LogRange(log.RawStart, log.SealedEnd));
        using DuckDbConnection connection = duckDb.Connect();
        using DuckDbResult result = connection.Query($"""SELECT "Source", "Number" FROM {held.Source} ORDER BY _position""");
        while (result.NextChunk())
        {
            for (int row = 0; row < result.RowCount; row++)
            {
                events.Add(((string)result.Column(0).Value(row)!, (long)result.Column(1).Value(row)!));
            }
        }

        return events;
    }
}
