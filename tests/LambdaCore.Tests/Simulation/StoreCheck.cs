using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using LambdaCore.DuckDb;
using LambdaCore.Log;
using LambdaCore.Storage;
using LambdaCore.Tables;
using LambdaCore.Tests.EndToEnd;
using LambdaCore.Tests.EndToEnd.Model;
using LambdaCore.Values;
using Microsoft.Extensions.Logging.Abstractions;

namespace LambdaCore.Tests.Simulation;

/// <summary>Opens what a crash has left of a store, and holds it against what must be there.</summary>
/// <param name="options">Makes the options that the store was opened with; with the recorder of what it logs.</param>
/// <param name="clock">The store's clock.</param>
internal sealed class StoreCheck(Func<RecordedLog, LambdaStoreOptions<Reading>> options, TimeProvider clock) : IDisposable
{
    /// <summary>The messages that say that a layer, a table or a part of a rebuild is damaged. A crash alone never damages anything that is published.</summary>
    private static readonly int[] DamageMessages = [21, 23, 26];

    /// <summary>Small files, so that the log often goes on in the next.</summary>
    public static WriteAheadLogOptions WriteAhead { get; } = new() { FileLength = 4096 };

    private static readonly EventCodec<Reading> Codec = CreateCodec();

    private readonly string _folder = Directory.CreateTempSubdirectory("lambdacore-simulation-").FullName;
    private readonly ConcurrentDictionary<string, List<(long Position, long Number, long IngestedAt)>> _rows = new(StringComparer.Ordinal);
    private DuckDbEngine? _duckDb;

    /// <summary>Looks whether the files of the views' tables are what was published.</summary>
    public void CheckPublished(InMemoryStorage disk, Expectation expected)
    {
        foreach (string view in disk.ListFolders(ViewFolder.Parent).Select(f => $"{ViewFolder.Parent}/{f}"))
        {
            foreach (DeltaFile file in DeltaTable.Open(disk, clock, view, StoreIdOf(disk, expected))?.Files ?? [])
            {
                Model.Check(disk.Exists($"{view}/{file.Path}"), $"{view} has the file {file.Path}, and there is none");
                Model.Check(Convert.ToHexStringLower(SHA256.HashData(disk.ReadAll($"{view}/{file.Path}"))) == file.Sha256, $"the file {file.Path} of {view} is not what was published");
            }
        }
    }

    /// <summary>Opens the log alone, which costs no DuckDB, and reads all of it.</summary>
    /// <returns>What is there, exactly.</returns>
    public Expectation CheckLog(InMemoryStorage disk, Expectation expected)
    {
        using DuckDbEngine none = new(new DuckDbOptions(), _ => { });
        using EventLog<Reading> log = EventLog<Reading>.Open(disk, none, Codec, new EventLogOptions { WriteAhead = WriteAhead }, clock, NullLogger.Instance);
        int end = (int)log.End.Value;
        Model.Check(end >= expected.Acknowledged, $"{expected.Acknowledged} events were acknowledged, and the log ends at {end}");
        Model.Check(end <= expected.Submitted, $"the log ends at {end}, and only {expected.Submitted} events were appended");
        Model.Check(log.RawStart.Value >= expected.RawStart, $"raw events before {expected.RawStart} had gone, and the log has them from {log.RawStart} on");
        DeltaTable table = LogInternals<Reading>.Table(log);
        SegmentList segments = SegmentList.Of(table);
        int changes = Changes(table, expected);
        long lastIngestedAt = long.MinValue;
        long next = log.RawStart.Value;
        foreach (SegmentFile segment in segments.Segments)
        {
            Model.Check(segment.Range.Start.Value == next, $"segment {segment.Range} follows, and {next} was next");
            List<(long Position, long Number, long IngestedAt)> rows = Rows(disk, segment.File);
            int row = 0;
            for (; next < segment.Range.End.Value; next++)
            {
                if (expected.Stored((int)next, changes) is not { } stored)
                {
                    continue;
                }

                Model.Check(row < rows.Count, $"segment {segment.Range} ends, and {next} was next, after {changes} changes");
                (long position, long number, long ingestedAt) = rows[row++];
                Model.Check(position == next, $"segment {segment.Range} has position {position}, and {next} was next, after {changes} changes");
                Model.Check(number == stored, $"event {next} has the number {number}, and {stored} was written, after {changes} changes");
                Model.Check(ingestedAt >= lastIngestedAt, $"event {next} was taken in before the one before it");
                lastIngestedAt = ingestedAt;
            }

            Model.Check(row == rows.Count, $"segment {segment.Range} has {rows.Count - row} events more, after {changes} changes");
        }

        Model.Check(next == log.SealedEnd.Value, $"the segments end at {next}, and the log is sealed up to {log.SealedEnd}");
        bool hasLast = next > log.RawStart.Value && expected.Stored((int)next - 1, changes) is not null;
        Model.Check(hasLast ? lastIngestedAt == log.SealedIngestedAt : lastIngestedAt <= log.SealedIngestedAt, $"the last sealed event was taken in at {lastIngestedAt}, and the log says {log.SealedIngestedAt}");
        Tail tail = new(expected, changes, next, lastIngestedAt);
        log.Replay(tail);
        Model.Check(tail.Next == end, $"the tail ends at {tail.Next}, and the log at {end}");
        return expected.Exactly(end, changes) with { RawStart = (int)log.RawStart.Value };
    }

    /// <summary>Opens the whole store, asks its views, and compares them with a fold of the events.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="expected">What must be there.</param>
    /// <param name="isCrash">Whether only a crash has happened, which damages nothing.</param>
    /// <param name="goesOn">Whether something is appended then, and a batch run.</param>
    public async Task CheckStoreAsync(InMemoryStorage disk, Expectation expected, bool isCrash = true, bool goesOn = false)
    {
        RecordedLog messages = new();
        await using LambdaStore<Reading> store = StoreOpening.Open("memory", disk, options(messages));
        int changes = Changes(LogInternals<Reading>.Table(StoreInternals<Reading>.Of(store).Log), expected);
        int end = (int)store.Position.Value;
        Model.Check(end >= expected.Acknowledged && end <= expected.Submitted, $"the store opened at {end}; {expected.Acknowledged} events were acknowledged and {expected.Submitted} appended");
        await CheckViewsAsync(store, expected, end, changes);
        await CheckDeadLettersAsync(store, expected, end);
        if (goesOn)
        {
            Reading next = new(clock.GetUtcNow(), 1, 7, "goes on", Id: -1, Amends: end == 0 ? null : expected.Readings[end - 1].Id);
            int rawStart = (int)store.RawStart.Value;
            await store.AppendAsync(next);
            await store.RunBatchAsync();
            Expectation after = expected.Exactly(end, changes).Next(next, rawStart);
            await CheckViewsAsync(store, after, after.Acknowledged, after.Changes);
            await CheckDeadLettersAsync(store, after, after.Acknowledged);
        }

        Model.Check(!isCrash || !messages.Ids.Intersect(DamageMessages).Any(), $"something published is damaged after a crash: messages {string.Join(", ", messages.Ids)}");
    }

    /// <summary>Holds the views of an open store against a fold of its events.</summary>
    public static async Task CheckViewsAsync(LambdaStore<Reading> store, Expectation expected, int end, int changes)
    {
        ViewAnswer<int, Reading.GroupTotals> groups = await store.Query(Reading.ByGroup).ExecuteAsync();
        Model.Check(groups.Receipt.Position.Value == end, $"the answer is of position {groups.Receipt.Position}, and the store is at {end}");
        Dictionary<int, Reading.GroupTotals> byGroup = Fold<int, Reading.GroupTotals>(expected, end, changes, r => r.Group, (t, n) => new(t.Events + 1, t.Sum + n, t.Events == 0 ? n : Math.Max(t.Highest, n)));
        Same(groups.Rows.ToDictionary(r => r.Key, r => r.Result), byGroup, "by group");
        ViewAnswer<DateTimeOffset, Reading.HourTotals> hours = await store.Query(Reading.ByHour).ExecuteAsync();
        Dictionary<DateTimeOffset, Reading.HourTotals> byHour = Fold<DateTimeOffset, Reading.HourTotals>(expected, end, changes, r => new DateTimeOffset(r.At.Year, r.At.Month, r.At.Day, r.At.Hour, 0, 0, TimeSpan.Zero), (t, n) => new(t.Events + 1, t.Sum + n));
        Same(hours.Rows.ToDictionary(r => r.Key, r => r.Result), byHour, "by hour");
    }

    /// <summary>Holds what was rejected against what must have been.</summary>
    public static async Task CheckDeadLettersAsync(LambdaStore<Reading> store, Expectation expected, int end)
    {
        HashSet<int> found = [];
        await foreach (DeadLetter<Reading> letter in store.ReadDeadLettersAsync())
        {
            int position = (int)letter.Position.Value;
            Model.Check(found.Add(position) && position < end && letter.Event == expected.Readings[position], $"there is a dead letter {letter.Event} at {position}");
        }

        for (int i = 0; i < end; i++)
        {
            Model.Check(expected.IsDeadLetter(i, (int)store.RawStart.Value) is not { } must || must == found.Contains(i), $"event {i} is{(found.Contains(i) ? "" : " not")} among the dead letters");
        }
    }

    /// <summary>Looks whether anything of erased events is left where nothing of them may be.</summary>
    public static void CheckErased(InMemoryStorage disk, IEnumerable<Reading> erased)
    {
        byte[][] files = [.. disk.List("wal").Select(f => disk.ReadAll($"wal/{f}"))];
        foreach (Reading reading in erased)
        {
            byte[] mark = Encoding.UTF8.GetBytes(Reading.MarkOf(reading.Id));
            Model.Check(files.All(f => f.AsSpan().IndexOf(mark) < 0), $"the write-ahead log has {reading}, which was erased");
        }
    }

    public void Dispose()
    {
        _duckDb?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static Dictionary<TKey, TTotals> Fold<TKey, TTotals>(Expectation expected, int end, int changes, Func<Reading, TKey> key, Func<TTotals, long, TTotals> add)
        where TKey : notnull
        where TTotals : struct
    {
        Dictionary<TKey, TTotals> totals = [];
        for (int i = 0; i < end; i++)
        {
            if (expected.Counted(i, changes) is { } number)
            {
                TKey at = key(expected.Readings[i]);
                totals[at] = add(totals.GetValueOrDefault(at), number);
            }
        }

        return totals;
    }

    private static void Same<TKey, TTotals>(Dictionary<TKey, TTotals> answered, Dictionary<TKey, TTotals> folded, string view)
        where TKey : notnull
    {
        Model.Check(answered.Count == folded.Count, $"view {view} has {answered.Count} rows instead of {folded.Count}");
        foreach ((TKey key, TTotals totals) in folded)
        {
            Model.Check(answered.TryGetValue(key, out TTotals? found) && totals!.Equals(found), $"view {view} has {found} for {key} instead of {totals}");
        }
    }

    private Guid? StoreIdOf(InMemoryStorage disk, Expectation expected)
    {
        DeltaTable? log = DeltaTable.Open(disk, clock, "log", storeId: null);
        Model.Check(log is not null || expected.Acknowledged == 0, $"there is a view and no log");
        return log?.StoreId;
    }

    private static int Changes(DeltaTable table, Expectation expected)
    {
        int made = table.ReadHistory().Count(s => ContentChange.Is(s.LastCommit));
        Model.Check(made >= expected.Changes && made <= expected.Attempted, $"{made} changes are there; {expected.Changes} were done and {expected.Attempted} begun");
        return made;
    }

    private List<(long Position, long Number, long IngestedAt)> Rows(InMemoryStorage disk, DeltaFile file)
    {
        Model.Check(disk.Exists($"log/{file.Path}"), $"the segment {file.Path} is committed, and there is no such file");
        byte[] bytes = disk.ReadAll($"log/{file.Path}");
        string sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes));
        Model.Check(sha256 == file.Sha256, $"the segment {file.Path} is not what was committed");
        return _rows.GetOrAdd(sha256, _ => Decode(sha256, bytes));
    }

    private List<(long Position, long Number, long IngestedAt)> Decode(string sha256, byte[] bytes)
    {
        string path = Path.Combine(_folder, $"{sha256}.parquet");
        File.WriteAllBytes(path, bytes);
        _duckDb ??= new DuckDbEngine(new DuckDbOptions { AllowedDirectories = [_folder], Threads = 1 }, _ => { });
        using DuckDbConnection connection = _duckDb.Connect();
        using DuckDbResult result = connection.Query($"SELECT {EventSchema.PositionColumn}, \"Number\", {EventSchema.IngestedAtColumn} FROM read_parquet('{path}') ORDER BY 1");
        List<(long Position, long Number, long IngestedAt)> rows = [];
        while (result.NextChunk())
        {
            for (int row = 0; row < result.RowCount; row++)
            {
                rows.Add((result.Column(0).Int64(row), result.Column(1).Int64(row), result.Column(2).Int64(row)));
            }
        }

        return rows;
    }

    private static EventCodec<Reading> CreateCodec()
    {
        LambdaStoreOptions<Reading> any = new();
        any.EventTime(e => e.At).Amendments(e => e.Id, e => e.Amends);
        return new EventCodec<Reading>(any.Schema, any.EventTimeProperty!, any.AmendmentProperties);
    }

    /// <summary>Reads what is not sealed.</summary>
    private sealed class Tail(Expectation expected, int changes, long next, long lastIngestedAt) : IGroupConsumer<Reading>
    {
        private readonly long _sealed = next;
        private long _lastIngestedAt = lastIngestedAt;

        public long Next { get; private set; } = next;

        public void Apply(in DurableGroup<Reading> group)
        {
            Model.Check(group.IngestedAt >= _lastIngestedAt, $"the group at {group.First} was taken in before the one before it");
            _lastIngestedAt = group.IngestedAt;
            Next = Math.Min(Next, group.First.Value);
            for (int i = 0; i < group.Events.Length; i++)
            {
                Reading reading = group.Events[i];
                bool isSkipped = group.Skipped.Contains(i);
                Model.Check(Next < _sealed || isSkipped != expected.Counted((int)Next, changes).HasValue, $"event {Next} is{(isSkipped ? " not" : "")} counted: {reading}");
                Model.Check(reading == expected.Readings[(int)Next], $"event {Next} is {reading} instead of {expected.Readings[(int)Next]}");
                Next++;
            }
        }

        public void Stop(Exception reason)
        {
        }
    }
}
