using System.Globalization;
using LambdaCore.Storage;
using LambdaCore.Tests.EndToEnd;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Damage;

/// <summary>
/// Whatever happens to any file of a closed or killed store: it is refused by name, or mended and reported, or does no harm; no answer is ever wrong. And what was
/// refused can be salvaged: only what stood in the damaged piece is lost.
/// </summary>
[TestFixture]
internal sealed class StoreDamageTests
{
    /// <summary>How often each mutation is tried on each place of each kind of file; if it is not said, once in three.</summary>
    private static readonly int Rounds = int.TryParse(Environment.GetEnvironmentVariable("LAMBDACORE_DAMAGE"), out int given) ? given : 0;

    /// <summary>Messages about something that was damaged and is made anew.</summary>
    private static readonly int[] Reports = [21, 23, 26, 39];

    private readonly SortedDictionary<string, Tally> _table = new(StringComparer.Ordinal);

    [Test]
    public async Task No_damage_of_any_file_gives_a_wrong_answer([Values] bool killed)
    {
        Random random = Seed.Random(out int seed);
        SimulatedClock clock = new();
        string beforeLast = "";
        (StoreImage afterKill, StoreImage afterClose) = await DamageScene.BuildAsync(clock, answers => beforeLast = answers);
        StoreImage image = killed ? afterKill : afterClose;
        (string answers, Dictionary<long, Figures> events) = await UndisturbedAsync(image, clock);
        string[] allowed = killed ? [answers, beforeLast] : [answers];
        ILookup<string, string> files = image.Paths.ToLookup(FileKind.Of);
        Assert.That(files.Select(f => f.Key), Is.SupersetOf(Kinds), "the store has every kind of file");
        for (int round = 0; round < Math.Max(1, Rounds); round++)
        {
            foreach (IGrouping<string, string> kind in files)
            {
                string[] paths = [.. kind];
                foreach ((string name, Func<StoreImage, string[]> damage) in Mutations(kind.Key, paths, random).Where(_ => Rounds > 0 || random.Next(3) == 0))
                {
                    StoreImage damaged = image.Copy();
                    string[] hit = damage(damaged);
                    if (hit.Length > 0)
                    {
                        string what = $"seed {seed}: {name} of {string.Join(" and ", hit)} ({(killed ? "killed" : "closed")})";
                        Tally tally = Of($"{kind.Key,-22} {name.Split(',')[0]}");
                        await TryAsync(damaged, clock, kind.Key, name, hit, allowed, events, tally, what);
                    }
                }
            }
        }

        Print();
    }

    private static readonly string[] Kinds =
    [
        "write-ahead file", "head", "commit of the log", "segment", "commit of dead letters", "dead letters", "commit of a view", "lookup file", "archive lookup file",
        "rebuild part", "rebuild note", "Parquet of a view",
    ];

    private static IEnumerable<(string Name, Func<StoreImage, string[]> Damage)> Mutations(string kind, string[] paths, Random random)
    {
        string path = paths[random.Next(paths.Length)];
        foreach (string place in new[] { 0, 1, 2, 3 }.Select(i => $"flip,{i}"))
        {
            yield return (place, image =>
            {
                string hit = paths[random.Next(paths.Length)];
                IReadOnlyList<(string Name, int Start, int End)> places = FileKind.PlacesOf(kind, image[hit]);
                int index = place[^1] - '0';
                if (index >= places.Count)
                {
                    return [];
                }

                image.Flip(hit, random.Next(places[index].Start, places[index].End), (byte)(1 << random.Next(8)));
                return [hit];
            });
        }

        yield return ("cut", image => Hit(path, () => image.Truncate(path, random.Next(Math.Max(1, image[path].Length)))));
        yield return ("cut to nothing", image => Hit(path, () => image.Truncate(path, 0)));
        yield return ("garbage at the end", image => Hit(path, () => image.Extend(path, [.. Enumerable.Range(0, 1 + random.Next(100)).Select(_ => (byte)random.Next(1, 256))])));
        yield return ("zeros", image =>
        {
            // Zeros from within the last groups of a write-ahead file to its end are what a crash leaves that came before they were written. So its last frame stays: it says what was durable.
            int lastFrame = image[path].AsSpan().LastIndexOf("LFRM"u8);
            int end = lastFrame > 0 ? lastFrame : image[path].Length;
            int at = random.Next(Math.Max(1, end));
            return end == 0 ? [] : Hit(path, () => image.Zero(path, at, Math.Min(512, end - at)));
        });
        yield return ("removal", image => Hit(path, () => image.Remove(path)));
        yield return ("removal of the last", image => Hit(paths[^1], () => image.Remove(paths[^1])));
        yield return ("removal of all", image =>
        {
            Array.ForEach(paths, image.Remove);
            return paths;
        });
        yield return ("swap", image =>
        {
            string[] others = [.. paths.Where(p => p != path && Path.GetDirectoryName(p) == Path.GetDirectoryName(path))];
            if (others.Length == 0)
            {
                return [];
            }

            string other = others[random.Next(others.Length)];
            image.Swap(path, other);
            return [path, other];
        });

        static string[] Hit(string path, Action damage)
        {
            damage();
            return [path];
        }
    }

    private static async Task TryAsync(
        StoreImage damaged, SimulatedClock clock, string kind, string mutation, string[] hit, string[] allowed, Dictionary<long, Figures> events, Tally tally, string what)
    {
        RecordedLog log = new();
        tally.Mutants++;
        using InMemoryStorage disk = damaged.ToDisk();
        try
        {
            await UseAsync(disk, clock, log, allowed, what);
            bool isReported = log.Ids.Any(Reports.Contains);
            tally.Repaired += isReported ? 1 : 0;
            tally.Harmless += isReported ? 0 : 1;
        }
        catch (LambdaCoreException error)
        {
            tally.Refused++;
            Assert.That(FileKind.IsTruth(kind) || IsArchive(kind), Is.True, $"{what} needs not be refused: {error}");
            // Where the only write-ahead file was, none of the others tells its name.
            Assert.That(hit.Any(h => error.Message.Contains(NameOf(h), StringComparison.Ordinal) || error.Message.Contains(ViewOf(h), StringComparison.Ordinal)), Is.True, $"{what} is not named: {error.Message}");
            if (FileKind.IsTruth(kind))
            {
                Assert.That(error.Message, Does.Contain("SalvageAsync"), what);
                await SalvageAsync(damaged, clock, kind, mutation, events, tally, what);
            }
        }
        catch (Exception error) when (error is not (AssertionException or NUnit.Framework.Internal.NUnitException))
        {
            Assert.Fail($"{what}: {error}");
        }
    }

    /// <summary>Opens the store and asks everything; then lets batches run, so that everything is read that there is.</summary>
    private static async Task UseAsync(InMemoryStorage disk, SimulatedClock clock, RecordedLog log, string[] allowed, string what)
    {
        await using LambdaStore<Reading> store = DamageScene.Open(disk, clock, log);
        Check(await DamageScene.AskAsync(store), "when it is opened");
        await store.RunBatchAsync();
        Check(await DamageScene.AskAsync(store), "after a batch");
        await store.RunBatchAsync(BatchMode.Full);
        Check(await DamageScene.AskAsync(store), "after a full batch");

        void Check(string answers, string when)
        {
            if (!allowed.Contains(answers))
            {
                Assert.Fail($"{what}: wrong {when}:\n{string.Join('\n', answers.Split('\n').Except(allowed[0].Split('\n')))}\ninstead of\n{string.Join('\n', allowed[0].Split('\n').Except(answers.Split('\n')))}");
            }
        }
    }

    private static async Task SalvageAsync(StoreImage damaged, SimulatedClock clock, string kind, string mutation, Dictionary<long, Figures> events, Tally tally, string what)
    {
        using InMemoryStorage from = damaged.ToDisk();
        using InMemoryStorage to = new();
        SalvageReport report = StoreSalvage.Run(from, to, DamageScene.Options(clock), CancellationToken.None);
        what = $"{what}; salvaged: {report}";
        Assert.That(StoreImage.Of(from).DifferencesTo(damaged).Where(f => f != "LOCK"), Is.Empty, $"{what}: the damaged store is only read");
        Assert.That(report.Damage, Is.Not.Empty, what);
        tally.Salvaged++;
        tally.Lost += report.LostPositions;
        if (mutation.StartsWith("flip", StringComparison.Ordinal) && kind.StartsWith("commit", StringComparison.Ordinal))
        {
            Assert.That(report.Lost, Is.Empty, $"{what}: a bit of a commit can be restored");
        }

        for (int opening = 0; opening < 2; opening++)
        {
            await using LambdaStore<Reading> store = DamageScene.Open(to, clock);
            await CheckAsync(store);
            if (opening == 0)
            {
                await store.RunBatchAsync(BatchMode.Full);
                await CheckAsync(store);
                Assert.That(await store.AppendAsync(DamageScene.At(1)), Is.EqualTo(report.Position), what);
            }

            async Task CheckAsync(LambdaStore<Reading> salvaged)
            {
                Dictionary<long, Figures> kept = await DamageScene.EventsAsync(salvaged);
                kept.Remove(1);
                bool hasArchive = kept.Keys.Any(k => k < report.RawStart.Value);
                Dictionary<long, Figures> expected = events
                    .Where(e => e.Key != 1 && (e.Key < report.RawStart.Value ? hasArchive : e.Key < report.Position.Value && !report.Lost.Any(r => r.Start.Value <= e.Key && e.Key < r.End.Value)))
                    .ToDictionary();
                Assert.That(kept.OrderBy(k => k.Key), Is.EqualTo(expected.OrderBy(k => k.Key)), what);
                await foreach (DeadLetter<Reading> letter in salvaged.ReadDeadLettersAsync())
                {
                    Assert.That(letter.Event, Is.EqualTo(DamageScene.At(letter.Position.Value)), what);
                }
            }
        }
    }

    private static async Task<(string Answers, Dictionary<long, Figures> Events)> UndisturbedAsync(StoreImage image, SimulatedClock clock)
    {
        using InMemoryStorage disk = image.ToDisk();
        RecordedLog log = new();
        string answers;
        Dictionary<long, Figures> events;
        await using (LambdaStore<Reading> store = DamageScene.Open(disk, clock, log))
        {
            answers = await DamageScene.AskAsync(store);
            events = await DamageScene.EventsAsync(store);
            await store.RunBatchAsync(BatchMode.Full);
            Assert.That(await DamageScene.AskAsync(store), Is.EqualTo(answers));
        }

        Assert.That(log.Ids.Intersect(Reports), Is.Empty);
        Assert.That(answers, Does.Contain("rejected "));
        return (answers, events);
    }

    // The commits, Parquet and lookup files of archive layers cannot be made anew either.
    private static bool IsArchive(string kind) => kind is "archive lookup file" or "commit of a view" or "lookup file" or "head";

    private static string NameOf(string path) => path.StartsWith("wal/", StringComparison.Ordinal) ? "'wal/" : Path.GetFileName(path);

    private static string ViewOf(string path) => path.StartsWith("views/", StringComparison.Ordinal) ? $"'{path.Split('/')[1]}'" : "\0";

    private Tally Of(string row)
    {
        if (!_table.TryGetValue(row, out Tally? tally))
        {
            _table[row] = tally = new Tally();
        }

        return tally;
    }

    private void Print()
    {
        TestContext.Out.WriteLine($"{"",-45} mutants refused repaired harmless salvaged  lost");
        foreach ((string row, Tally t) in _table)
        {
            TestContext.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{row,-45} {t.Mutants,7} {t.Refused,7} {t.Repaired,8} {t.Harmless,8} {t.Salvaged,8} {t.Lost,5}"));
        }
    }

    private sealed class Tally
    {
        public int Mutants { get; set; }

        public int Refused { get; set; }

        public int Repaired { get; set; }

        public int Harmless { get; set; }

        public int Salvaged { get; set; }

        public long Lost { get; set; }
    }
}
