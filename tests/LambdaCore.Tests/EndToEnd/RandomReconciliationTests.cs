using LambdaCore.Tests.EndToEnd.Model;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>
/// Views with windows and sessions of event time under every reconciliation, with late events, many batch runs, and some that fail. LAMBDACORE_SEQUENCES says how many
/// sequences to run.
/// </summary>
[TestFixture]
internal sealed class RandomReconciliationTests
{
    private const int DefaultSequences = 100;

    /// <summary>What must have happened, or the test shows nothing.</summary>
    private static readonly string[] Ways =
    [
        "Merge real-time of Merged", "Merge real-time of Merged session", "Replace batch of Batch", "Replace batch of Batch session", "Replace real-time of Merged", "Replace withholds",
        "Replace BatchBehind", "Replace BatchMissing", "Fallback batch of Batch", "Fallback real-time of Merged", "Fallback BatchFailed", "Fallback BatchMissing", "Fallback BatchTooOld", "Fallback BatchBehind",
        "Hybrid batch of Batch", "Hybrid blend of Merged", "Hybrid blend of Batch", "Hybrid real-time of Merged", "Hybrid BatchBehind",
    ];

    private static readonly ModelView[] Views =
        [.. ViewPool.All.Concat(Enumerable.Range(0, ComposedView.Numbers).Select(ComposedView.Number)).Where(v => v.IsOfEventTime)];

    [Test]
    public async Task Every_row_is_what_its_reconciliation_promises()
    {
        _ = Seed.Random(out int seed);
        int count = int.TryParse(Environment.GetEnvironmentVariable("LAMBDACORE_SEQUENCES"), out int asked) ? Math.Min(asked, DefaultSequences) : DefaultSequences;
        Dictionary<string, int> ways = [];
        for (int i = 0; i < count; i++)
        {
            Random random = new(unchecked(seed + i));
            await using StoreModel model = new(random);
            try
            {
                await RunAsync(model, random);
            }
            catch (Exception error)
            {
                Assert.Fail($"To run it again: LAMBDACORE_SEED={unchecked(seed + i)} LAMBDACORE_SEQUENCES=1\n{model.Steps}{error}");
            }

            foreach ((string way, int rows) in model.Ways)
            {
                ways[way] = ways.GetValueOrDefault(way) + rows;
            }
        }

        TestContext.Out.WriteLine(string.Join("; ", ways.Where(w => w.Value > 0).OrderBy(w => w.Key, StringComparer.Ordinal).Select(w => $"{w.Key}: {w.Value}")));
        if (count >= 100)
        {
            Assert.That(Ways.Where(w => ways.GetValueOrDefault(w) == 0), Is.Empty, "This has never happened.");
        }
    }

    private static async Task RunAsync(StoreModel model, Random random)
    {
        await model.OpenAsync([.. Enumerable.Range(0, 2).Select(_ => Views[random.Next(Views.Length)]).DistinctBy(v => v.Name)]);
        for (int steps = random.Next(4, 12); steps > 0; steps--)
        {
            await model.AppendBatchAsync(random.Next(30));
            switch (random.Next(6))
            {
                case < 3: await model.RunBatchAsync(); break;
                case 3: await model.RunBatchOnFailingDiskAsync(); break;
            }

            await model.AppendBatchAsync(random.Next(12));
            for (int questions = 4; questions > 0; questions--)
            {
                await model.AskAsync();
            }
        }
    }
}
