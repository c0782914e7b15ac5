using LambdaCore.Tests.Tables;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>A program that knows only the Delta protocol reads the log as it is after corrections, erasures, compaction and vacuum, and until the vacuum also as it was.</summary>
[TestFixture]
[Category("Delta")]
internal sealed class VersionsElsewhereTests
{
    private static readonly DateTimeOffset Noon = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    [Test]
    public async Task Every_version_reads_the_same_elsewhere_until_a_vacuum_and_the_newest_ever_after()
    {
        string folder = Directory.CreateTempSubdirectory("lambdacore-versions-").FullName;
        try
        {
            await using LambdaStore<Sale> store = await LambdaStore.OpenAsync<Sale>(folder, o => o.EventTime(e => e.Time));
            string log = Path.Combine(folder, "log");
            List<(int Version, string Content)> versions = [];
            Dictionary<long, long> amounts = [];
            for (int i = 0; i < 3; i++)
            {
                Sale[] sales = [.. Enumerable.Range(100 * i, 100).Select(n => new Sale(Noon.AddSeconds(n), n, n % 7))];
                await store.AppendAsync(sales);
                await store.RunBatchAsync();
                Array.ForEach(sales, s => amounts[s.Number] = s.Amount);
                Note();
            }

            await store.CorrectAsync(e => e.Number >= 90 && e.Number < 110, s => s.Set(e => e.Amount, e => e.Amount + 1000), "a wrong till");
            foreach (long number in Enumerable.Range(90, 20))
            {
                amounts[number] += 1000;
            }

            Note();
            await store.EraseAsync(e => e.Number >= 250 && e.Number < 260, "a request");
            foreach (long number in Enumerable.Range(250, 10))
            {
                amounts.Remove(number);
            }

            Note();
            Assert.That((await store.CompactAsync()).SegmentsAfter, Is.EqualTo(1));
            Note();
            IReadOnlyList<IReadOnlyList<string?[]>> elsewhere = IndependentDeltaReader.Query(
                [.. versions.Select(v => (log, $"SELECT count(), sum(Amount), sum(Number) FROM {{table}} SETTINGS delta_lake_snapshot_version = {v.Version}"))]);
            Assert.That(elsewhere.Select(rows => string.Join(' ', rows[0])), Is.EqualTo(versions.Select(v => v.Content)));

            await store.VacuumAsync(TimeSpan.Zero);
            Assert.That(string.Join(' ', IndependentDeltaReader.Query((log, "SELECT count(), sum(Amount), sum(Number) FROM {table}"))[0][0]), Is.EqualTo(versions[^1].Content));

            void Note() => versions.Add((
                Directory.GetFiles(Path.Combine(log, "_delta_log"), "*.json").Length - 1, $"{amounts.Count} {amounts.Values.Sum()} {amounts.Keys.Sum()}"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private sealed record Sale(DateTimeOffset Time, long Number, long Amount);
}
