using System.Runtime.CompilerServices;
using LambdaCore.Batch;
using LambdaCore.Log;
using LambdaCore.Serving;
using LambdaCore.Storage;
using LambdaCore.Tables;
using LambdaCore.Tests.EndToEnd.Model;
using LambdaCore.Values;
using LambdaCore.Views;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Changes;

/// <summary>
/// A layer in which only the states of affected keys were computed again is the layer that computing it whole gives: for views of every kind, after random
/// changes of events.
/// </summary>
internal sealed class PatchedLayerTests
{
    private const int DefaultSequences = 5;

    private static readonly Guid Nobody = Guid.NewGuid();

    [Test]
    public async Task Patched_layers_are_those_that_computing_them_anew_gives()
    {
        int first = int.TryParse(Environment.GetEnvironmentVariable("LAMBDACORE_SEED"), out int given) ? given : Random.Shared.Next();
        int count = int.TryParse(Environment.GetEnvironmentVariable("LAMBDACORE_SEQUENCES"), out int asked) ? asked : DefaultSequences;
        TestContext.Out.WriteLine($"seed {first}, {count} sequences");
        Counts counts = new();
        for (int seed = first; seed < first + count; seed++)
        {
            try
            {
                await RunAsync(seed, counts);
            }
            catch (Exception error) when (error is not IgnoreException)
            {
                Assert.Fail($"To run it again: LAMBDACORE_SEED={seed} LAMBDACORE_SEQUENCES=1\n{error}");
            }
        }

        TestContext.Out.WriteLine($"{counts.Layers} layers, {counts.Patched} of them patched; {counts.Keys} keys, {counts.Affected} of them affected, {counts.Different} with another state than before");
        Assert.That(counts.Patched, Is.Positive);
        Assert.That(counts.Affected, Is.Positive.And.LessThan(counts.Keys));
        Assert.That(counts.Different, Is.Positive);
    }

    private static async Task RunAsync(int seed, Counts counts)
    {
        Random random = new(seed);
        List<ModelView> views = [.. ViewPool.All.OrderBy(_ => random.Next()).Take(7), ComposedView.Number(random.Next(ComposedView.Numbers)), ComposedView.Number(random.Next(ComposedView.Numbers))];
        views = [.. views.DistinctBy(v => v.Name)];
        AnyEventSource source = new(random);
        using InMemoryStorage disk = new();
        LambdaStoreOptions<AnyEvent> options = new() { BatchThreads = 1, BatchMemoryBytes = 256L << 20, SegmentEvents = random.Next(2) == 0 ? 20 : 1_000_000 };
        options.EventTime(e => e.At);
        views.ForEach(v => options.AddView(v.Definition));
        await using LambdaStore<AnyEvent> store = StoreOpening.Open("memory", disk, options);
        OpenStore<AnyEvent> parts = StoreInternals<AnyEvent>.Of(store);
        List<AnyEvent> events = [];
        JudgedTimes times = new();
        for (int batches = random.Next(1, 4); batches > 0; batches--)
        {
            AnyEvent[] appended = source.Next(random.Next(1, 120));
            await store.AppendAsync(appended);
            times.Add(appended, TimeProvider.System.GetUtcNow(), TimeOptions.Default);
            events.AddRange(appended);
            await store.RunBatchAsync();
        }

        ModelLog log = ModelLog.Of(events);
        long before = parts.Log.Revision;
        using RevisionChanges known = new(Context(disk, parts), Columns(parts));
        List<RandomRewrite> rewrites = [.. Enumerable.Range(0, random.Next(1, 3)).Select(_ => new RandomRewrite(random, events.Count))];
        List<PreparedRewrite> prepared = [];
        try
        {
            foreach (RandomRewrite rewrite in rewrites)
            {
                prepared.Add(parts.Log.PrepareRewrite(rewrite.Request, default));
                LogChangeKind kind = rewrite.Request.Assignments is null ? LogChangeKind.Erasure : LogChangeKind.Correction;
                if ((await parts.Log.CommitRewriteAsync(prepared[^1], new ContentChange(kind, "test", null, null, null))).Count > 0)
                {
                    log.Change(parts.Log.Revision, default, rewrite.Applied(log.Current));
                }
            }

            if (prepared.Count == 1)
            {
                known.Know(before, prepared[0]);
            }

            foreach (ServedView<AnyEvent> view in parts.Views)
            {
                Check(disk, parts, view, known, before, counts, $"{view.Plan.Name} after {string.Join(" and ", rewrites)}");
            }
        }
        finally
        {
            prepared.ForEach(p => p.Dispose());
        }

        await store.RunBatchAsync();
        Assert.That(parts.Views.Select(v => v.Snapshot.Revision), Is.All.EqualTo(parts.Log.Revision));
        foreach (ModelView view in views)
        {
            await view.CheckAllAsync(new StoreMoment(store, log, views.ToDictionary(v => v.Name, _ => (long)events.Count), source, times));
        }
    }

    /// <summary>Patches each layer of a view, and computes it whole.</summary>
    private static void Check(InMemoryStorage disk, OpenStore<AnyEvent> parts, ServedView<AnyEvent> view, RevisionChanges known, long before, Counts counts, string what)
    {
        BatchContext context = Context(disk, parts);
        (StateComputer states, StateComparison comparison) = (States(view.Batch), new StateComparison(view.Plan));
        using RevisionChanges found = new(context, Columns(parts));
        RowChanges changes = found.Since(before, default)!;
        foreach (BatchView layer in view.Snapshot.Batches.Where(l => changes.MayTouch(l.Range)))
        {
            using AffectedKeys affected = AffectedKeys.Find(context, view.Plan, changes, layer.Range, default);
            using AffectedKeys knownAffected = AffectedKeys.Find(context, view.Plan, known.Since(before, default)!, layer.Range, default);
            Assert.That(Rows(knownAffected.Keys).Select(r => r.Key), Is.EqualTo(Rows(affected.Keys).Select(r => r.Key)), what);
            using ScratchLayer whole = new(disk);
            long wholeRows = states.Compute(layer.Range, whole, ProgressReporter.None, default);
            using ScratchLayer patched = new(disk);
            using SortedRuns runs = states.ComputeRuns(layer.Range, new StateSource(context.Segments, affected.Restriction), ProgressReporter.None, default);
            long patchedRows = states.Patch(layer.Lookup, affected.Keys, runs.Files, layer.Range, patched, ProgressReporter.None, default);
            Assert.That(patchedRows, Is.EqualTo(wholeRows), what);
            List<(string Key, byte[] State)> expected = Rows(whole.Lookup, view.Plan, layer.Range);
            List<(string Key, byte[] State)> actual = Rows(patched.Lookup, view.Plan, layer.Range);
            Assert.That(actual.Select(r => r.Key), Is.EqualTo(expected.Select(r => r.Key)), what);
            foreach ((var should, var does) in expected.Zip(actual))
            {
                Assert.That(comparison.Same(should.State, does.State), Is.True, $"{what}: key {should.Key} should be {Convert.ToHexString(should.State)}, is {Convert.ToHexString(does.State)}");
            }

            Dictionary<string, byte[]> old = Rows(layer.Lookup).ToDictionary(r => r.Key, r => r.State);
            counts.Layers++;
            counts.Patched += affected.Keys.Count > 0 ? 1 : 0;
            counts.Keys += expected.Count;
            counts.Affected += affected.Keys.Count;
            counts.Different += expected.Count(r => !old.TryGetValue(r.Key, out byte[]? state) || !comparison.Same(state, r.State));
        }
    }

    private static List<(string Key, byte[] State)> Rows(string path, ViewPlan plan, LogRange range)
    {
        using LookupFile file = LookupFile.Open(ScratchFile.Map(path), path, plan.Fingerprint, range);
        return Rows(file);
    }

    private static List<(string Key, byte[] State)> Rows(LookupFile file)
    {
        List<(string, byte[])> rows = [];
        LookupFile.Enumerator row = file.Scan(null, null);
        while (row.MoveNext())
        {
            rows.Add((Convert.ToHexString(row.Key), row.State.ToArray()));
        }

        return rows;
    }

    private static string[] Columns(OpenStore<AnyEvent> parts) => [.. parts.Views.SelectMany(v => v.Plan.ColumnsRead("At")).Distinct()];

    private static BatchContext Context(InMemoryStorage disk, OpenStore<AnyEvent> parts) => new(
        disk, parts.DuckDb, parts.Log.Segments, () => parts.Log.Dropped, Nobody, "At", 256L << 20, TimeProvider.System, NullLogger.Instance)
    {
        Schema = parts.Log.Schema,
        Revision = () => parts.Log.Revision,
        RewrittenSince = parts.Log.RewrittenSince,
        Materialise = parts.Log.Materialise,
    };

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_states")]
    private static extern ref StateComputer States(BatchTable table);

    private sealed class Counts
    {
        public int Layers { get; set; }

        public int Patched { get; set; }

        public long Keys { get; set; }

        public long Affected { get; set; }

        public long Different { get; set; }
    }
}
