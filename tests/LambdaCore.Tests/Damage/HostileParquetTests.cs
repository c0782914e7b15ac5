using System.Globalization;
using LambdaCore.CrashHost;
using LambdaCore.DuckDb;
using LambdaCore.Tests.Faults;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Damage;

/// <summary>
/// Segments and dead letters that somebody made on purpose, after their hash was checked or with one that is right: what DuckDB's reader makes of them is answered with or refused. They are read in processes of their
/// own, since that reader is native code.
/// </summary>
[TestFixture]
[Platform("Linux")]
internal sealed class HostileParquetTests
{
    private const int Events = 220;
    private const int MutantsPerProcess = 1000;
    private const long MostKilobytes = 1_500_000;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>How DuckDB writes forms of a file that an attacker may choose from, beyond those that the store has itself.</summary>
    private static readonly Dictionary<string, string> Forms = new()
    {
        ["zstd"] = "COMPRESSION zstd, PARQUET_VERSION v1",
        ["plain"] = "COMPRESSION uncompressed, PARQUET_VERSION v1",
        ["no-dictionary"] = "COMPRESSION uncompressed, PARQUET_VERSION v1, DICTIONARY_SIZE_LIMIT 1",
        ["groups"] = "COMPRESSION snappy, PARQUET_VERSION v1, ROW_GROUP_SIZE 64",
    };

    /// <summary>Pages of version 2, which the store never writes: among a few hundred mutants of such a file is one that ends the process. Only the check of the hash keeps DuckDB from them.</summary>
    private static readonly Dictionary<string, string> SecondVersion = new() { ["version-2"] = "COMPRESSION uncompressed, PARQUET_VERSION v2" };

    private string _folder = null!;

    [SetUp]
    public void CreateFolder() => _folder = Directory.CreateTempSubdirectory("lambdacore-parquet-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task A_hostile_Parquet_file_is_refused_or_read_and_ends_no_process()
    {
        // The same ones each time, unless a seed is given: the reader is not ours, and a mutant that it falls over is found by whoever looks for one (LAMBDACORE_MUTANTS), not by whoever changes something else.
        int seed = int.TryParse(Environment.GetEnvironmentVariable("LAMBDACORE_SEED"), out int given) ? given : 1;
        await PrepareAsync(Forms);
        int mutants = HostileBytes.Count(2_000);
        Outcomes[] all = await Task.WhenAll(RunAsync(0, mutants / 2, seed, 0), RunAsync(mutants / 2, mutants - (mutants / 2), seed, 1));
        Array.ForEach(all, o => TestContext.Out.WriteLine($"{o}"));
        foreach (Outcomes outcomes in all)
        {
            Assert.That(outcomes.Wrong, Is.Empty, $"seed {seed}");
            Assert.That(outcomes.Deaths, Is.Empty, $"seed {seed}");
            Assert.That(outcomes.PeakKilobytes, Is.LessThan(MostKilobytes), $"seed {seed}");
        }

        Assert.That(all.Sum(o => o.Answered), Is.GreaterThan(mutants / 50));
        Assert.That(all.Sum(o => o.Refused), Is.GreaterThan(mutants / 10));
    }

    [Test]
    public async Task A_Parquet_file_whose_hash_is_not_in_its_commit_never_meets_the_reader()
    {
        Random random = Seed.Random(out int seed);
        await PrepareAsync(SecondVersion);
        byte[] hostile = await File.ReadAllBytesAsync(Path.Combine(_folder, "variants", "segment.version-2"));
        string segment = Directory.GetFiles(Path.Combine(_folder, "store", "log"), "*.parquet").Single();
        for (int i = 0; i < 30; i++)
        {
            // If one did, it would sooner or later end this very process.
            await File.WriteAllBytesAsync(segment, HostileBytes.Mutate(hostile, random));
            await using LambdaStore<MeasuredEvent> store = await LambdaStore.OpenAsync<MeasuredEvent>(Path.Combine(_folder, "store"), MeasuredEvent.Configure);
            string what = $"seed {seed}, mutant {i}";
            Assert.That(async () => await store.AsOf(store.Position).Query(MeasuredEvent.BySensor).ExecuteAsync(), Refused(), what);
            Assert.That(async () => await store.RunBatchAsync(BatchMode.Full), Refused(), what);
            Assert.That(async () => await store.PreviewAsync(e => e.Number % 3 == 0, s => s.Set(e => e.Value, e => e.Value + 1)), Refused(), what);
        }

        NUnit.Framework.Constraints.IResolveConstraint Refused() => Throws.InstanceOf<LogCorruptException>().With.Message.Contains(Path.GetFileName(segment)).And.Message.Contains(" instead of ");
    }

    /// <summary>Makes a store, and other forms of its files.</summary>
    private async Task PrepareAsync(IReadOnlyDictionary<string, string> forms)
    {
        string store = Path.Combine(_folder, "store");
        await using (LambdaStore<MeasuredEvent> made = await LambdaStore.OpenAsync<MeasuredEvent>(store, MeasuredEvent.Configure))
        {
            // The dead letters are those of whom the watermark is far ahead.
            for (int i = 0; i < Events; i++)
            {
                await made.AppendAsync(MeasuredEvent.Of(i));
            }

            await made.RunBatchAsync();
        }

        string variants = Directory.CreateDirectory(Path.Combine(_folder, "variants")).FullName;
        using DuckDbInstance duckDb = new(new DuckDbOptions { AllowedDirectories = [_folder] });
        using DuckDbConnection connection = duckDb.Connect();
        foreach ((string kind, string folder) in new[] { ("segment", "log"), ("letters", "deadletters") })
        {
            string file = Directory.GetFiles(Path.Combine(store, folder), "*.parquet").Single();
            File.Copy(file, Path.Combine(variants, $"{kind}.own"));
            foreach ((string form, string options) in forms)
            {
                connection.Execute($"COPY (SELECT * FROM {Sql.Parquet([file])}) TO {Sql.Text(Path.Combine(variants, $"{kind}.{form}"))} (FORMAT parquet, {options})");
            }
        }
    }

    /// <summary>Has mutants read by one process after another; one that is ended by a mutant is followed by another behind it.</summary>
    private async Task<Outcomes> RunAsync(int first, int count, int seed, int job)
    {
        Outcomes outcomes = new();
        string store = Path.Combine(_folder, $"store-{job}");
        for (int next = first; next < first + count;)
        {
            Copy(Path.Combine(_folder, "store"), store);
            string path = Path.Combine(_folder, $"tape-{job}-{next}");
            using Tape tape = Tape.Open(path);
            using FaultHost host = FaultHost.Start();
            await host.SendAsync("parquet", path, next, seed, store, Path.Combine(_folder, "variants"), Math.Min(MutantsPerProcess, first + count - next));
            bool isOver = false;
            for (long seen = -1; !isOver && tape.Length != seen;)
            {
                seen = tape.Length;
                isOver = await host.WaitAsync(tape, lines => lines[^1] == "ended", Limit);
            }

            bool hangs = !host.HasExited && !isOver;
            string said = await host.KillAsync();
            string[] lines = tape.Lines();
            next = outcomes.Take(lines, next);
            if (!isOver)
            {
                outcomes.Deaths.Add($"{(hangs ? "hangs" : "dead")} at {lines.LastOrDefault()}: {said}");
            }

            Directory.Delete(store, recursive: true);
        }

        return outcomes;
    }

    private static void Copy(string from, string to)
    {
        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    private sealed class Outcomes
    {
        public int Answered { get; private set; }

        public int Refused { get; private set; }

        public long PeakKilobytes { get; private set; }

        public List<string> Wrong { get; } = [];

        public List<string> Deaths { get; } = [];

        private SortedDictionary<string, int> Kinds { get; } = new(StringComparer.Ordinal);

        /// <summary>Counts what a process said.</summary>
        /// <returns>The number of the mutant behind the last that it began.</returns>
        public int Take(string[] lines, int next)
        {
            foreach (string line in lines)
            {
                string[] words = line.Split(' ');
                switch (words[0])
                {
                    case "at":
                        next = int.Parse(words[1], CultureInfo.InvariantCulture) + 1;
                        break;
                    case "answered":
                        Answered++;
                        break;
                    case "refused":
                        Refused++;
                        string kind = string.Join(' ', words.Skip(2).Take(4));
                        Kinds[kind] = Kinds.GetValueOrDefault(kind) + 1;
                        break;
                    case "wrong":
                        Wrong.Add(line);
                        break;
                    case "peak":
                        PeakKilobytes = Math.Max(PeakKilobytes, long.Parse(words[1], CultureInfo.InvariantCulture));
                        break;
                }
            }

            return next;
        }

        public override string ToString() =>
            $"{Answered} answered, {Refused} refused, {Wrong.Count} wrong, {Deaths.Count} dead, at most {PeakKilobytes} kB\n{string.Join('\n', Kinds.OrderByDescending(k => k.Value).Take(25).Select(k => $"  {k.Value,6} {k.Key}").Concat(Deaths).Concat(Wrong))}";
    }
}
