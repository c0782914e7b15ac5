using System.Globalization;
using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>Batches over data several times their memory limit come to their end, with the right answers.</summary>
/// <remarks>LAMBDACORE_BATCH_EVENTS says over how many events, if not over the default.</remarks>
[TestFixture]
internal sealed class BatchMemoryTests
{
    private const int DefaultEvents = 600_000;
    private const int DistinctVisitors = 200_000;
    private const long MemoryBytes = 32L << 20;
    private const int Chunk = 50_000;

    private static readonly int Events =
        int.TryParse(Environment.GetEnvironmentVariable("LAMBDACORE_BATCH_EVENTS"), CultureInfo.InvariantCulture, out int events) ? events : DefaultEvents;

    private static readonly ViewDefinition<Visit, string, Totals> PlainByPage =
        View.Of<Visit>("plain").GroupBy(e => e.Page).Select(g => new Totals(g.Count(), g.Sum(e => e.Amount), g.Max(e => e.Visitor)));

    private static readonly ViewDefinition<Visit, long, double> SketchByBucket =
        View.Of<Visit>("sketched").GroupBy(e => e.Bucket).Select(g => (double)g.ApproxDistinct(e => e.Visitor));

    private static readonly ViewDefinition<Visit, string, double> SketchByVisitor =
        View.Of<Visit>("many_sketches").GroupBy(e => e.Visitor).Select(g => (double)g.ApproxDistinct(e => e.Page));

    [Test]
    public async Task A_batch_over_data_several_times_its_memory_limit_finishes()
    {
        string folder = Directory.CreateTempSubdirectory("lambdacore-memory-").FullName;
        try
        {
            LambdaStoreOptions<Visit> options = new() { BatchMemoryBytes = MemoryBytes, BatchThreads = 2, SegmentEvents = 100_000, Durability = Durability.Buffered };
            options.EventTime(e => e.Time).AddView(PlainByPage).AddView(SketchByBucket).AddView(SketchByVisitor);
            options.Validate();
            await using LambdaStore<Visit> store = StoreOpening.Open(folder, new PhysicalStorage(folder), options);
            for (int first = 0; first < Events; first += Chunk)
            {
                await store.AppendAsync(Enumerable.Range(first, Math.Min(Chunk, Events - first)).Select(Visit.Number).ToArray());
            }

            long states = 0;
            List<BatchProgress> told = [];
            BatchRun run = await store.RunBatchAsync(BatchMode.Incremental, new Told(told.Add));
            TestContext.Out.WriteLine(run);
            foreach (BatchRunView view in run.Views)
            {
                TestContext.Out.WriteLine($"{view.Name}: {view.Keys} keys, {view.Bytes / 1e6:N0} MB, {view.Elapsed.TotalSeconds:N1} s");
                states += view.Bytes;
            }

            Assert.That(states, Is.GreaterThan(2 * MemoryBytes), "The files of the views alone are larger than the limit.");
            Assert.That(told.Any(p => p is { View: "many_sketches", Phase: BatchPhase.Merging }), Is.True, "It was computed in pieces.");
            Assert.That(Directory.GetFileSystemEntries(Path.Combine(folder, "scratch")), Is.Empty);
            ViewAnswer<string, Totals> plain = await store.Query(PlainByPage).From(AnswerSource.Batch).ExecuteAsync();
            Assert.That(plain.Rows, Has.Count.EqualTo(Events));
            Assert.That(plain.Rows.Sum(r => r.Result.Amount), Is.EqualTo(Enumerable.Range(0, Events).Sum(i => (decimal)Visit.Number(i).Amount)));
            ViewAnswer<string, double> visitors = await store.Query(SketchByVisitor).From(AnswerSource.Batch).ExecuteAsync();
            Assert.That(visitors.Rows, Has.Count.EqualTo(Math.Min(Events, DistinctVisitors)));
            Assert.That(visitors.Rows.Sum(r => r.Result), Is.EqualTo(Events), "A sketch of few values is exact.");
            ViewAnswer<long, double> buckets = await store.Query(SketchByBucket).From(AnswerSource.Batch).ExecuteAsync();
            foreach (ViewEntry<long, double> bucket in buckets.Rows)
            {
                Assert.That(bucket.Result, Is.EqualTo(DistinctOf(bucket.Key)).Within(8).Percent);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static int DistinctOf(long bucket) =>
        Enumerable.Range(0, Events).Select(Visit.Number).Where(v => v.Bucket == bucket).Select(v => v.Visitor).Distinct().Count();

    private sealed record Totals(long Count, long Amount, string Last);

    private sealed record Visit(DateTimeOffset Time, string Page, string Visitor, long Bucket, long Amount)
    {
        public static Visit Number(int i) => new(
            DateTimeOffset.UnixEpoch.AddSeconds(i), $"/shop/pages/with/a/rather/long/path/{i}", $"visitor-{i * 7919L % DistinctVisitors:D8}", i % 5, i * 3L);
    }

    private sealed class Told(Action<BatchProgress> tell) : IProgress<BatchProgress>
    {
        public void Report(BatchProgress value) => tell(value);
    }
}
