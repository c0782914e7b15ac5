using LambdaCore.Storage;
using LambdaCore.Tests.EndToEnd.Model;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>
/// The cut law through the real layers: wherever a log is cut, the batch views up to there and the speed views after it are together the
/// fold of everything.
/// </summary>
[TestFixture]
internal sealed class CutLawTests
{
    private const int Events = 12;

    /// <summary>The views, a few per store, so that each cut costs one store and not one per view.</summary>
    public static IEnumerable<TestCaseData> Groups => ViewPool.All.Chunk(8).Select((views, i) => new TestCaseData(i).SetArgDisplayNames([.. views.Select(v => v.Name)]));

    [TestCaseSource(nameof(Groups))]
    public async Task Batch_before_any_cut_and_speed_after_it_are_the_fold_of_all(int group)
    {
        Random random = Seed.Random(out int seed);
        ModelView[] views = [.. ViewPool.All.Skip(group * 8).Take(8)];
        AnyEventSource source = new(random);
        AnyEvent[] events = source.Next(Events);
        JudgedTimes times = JudgedTimes.ByDefault(events);
        for (int cut = 0; cut <= Events; cut++)
        {
            using InMemoryStorage storage = new();
            await using LambdaStore<AnyEvent> store = Open(storage, views);
            await AppendAsync(store, events[..cut]);
            BatchRun run = await store.RunBatchAsync();
            await AppendAsync(store, events[cut..]);
            Assert.That(run.End.Value, Is.EqualTo(cut));
            Dictionary<string, long> ends = views.ToDictionary(v => v.Name, _ => (long)cut);
            foreach (ModelView view in views)
            {
                try
                {
                    await view.CheckAllAsync(new StoreMoment(store, ModelLog.Of(events), ends, source, times));
                }
                catch (ModelViolationException violation)
                {
                    Assert.Fail($"seed {seed}, cut at {cut} of {Events}: {violation.Message}");
                }
            }
        }
    }

    private static async Task AppendAsync(LambdaStore<AnyEvent> store, AnyEvent[] events)
    {
        foreach (AnyEvent e in events)
        {
            await store.AppendAsync(e);
        }
    }

    private static LambdaStore<AnyEvent> Open(InMemoryStorage storage, IEnumerable<ModelView> views)
    {
        LambdaStoreOptions<AnyEvent> options = new() { Durability = Durability.Buffered, BatchThreads = 1 };
        options.EventTime(e => e.At);
        foreach (ModelView view in views)
        {
            options.AddView(view.Definition);
        }

        return StoreOpening.Open("memory", storage, options);
    }
}
