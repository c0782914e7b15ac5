using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>A batch run that the disk refuses leaves the old views serving, and the next one succeeds without opening the store again.</summary>
internal sealed class FailingBatchTests
{
    private static readonly ViewDefinition<Tick, int, long> ByGroup =
        View.Of<Tick>("by_group").GroupBy(e => e.Group).Select(g => g.Sum(e => e.Amount));

    [Test]
    public async Task The_next_batch_run_after_a_refused_one_succeeds_wherever_it_was_refused()
    {
        int refused = 0;
        for (int call = 1; call < 60; call++)
        {
            using InMemoryStorage disk = new();
            LambdaStoreOptions<Tick> options = new() { BatchThreads = 1 };
            options.EventTime(e => e.Time).AddView(ByGroup);
            await using LambdaStore<Tick> store = StoreOpening.Open("memory", disk, options);
            await store.AppendAsync(new[] { new Tick(DateTimeOffset.UnixEpoch, 1, 5), new Tick(DateTimeOffset.UnixEpoch, 2, 7) });
            await store.RunBatchAsync();
            await store.AppendAsync(new Tick(DateTimeOffset.UnixEpoch, 1, 10));

            // Sealing comes first; what is refused here belongs to the view.
            int left = call;
            disk.BeforeCall = c =>
            {
                if (c.Path.StartsWith("views/", StringComparison.Ordinal) && --left == 0)
                {
                    throw new StorageException("The disk refuses.");
                }
            };
            try
            {
                await store.RunBatchAsync();
            }
            catch (StorageException)
            {
                refused++;
            }

            disk.BeforeCall = null;
            Assert.That((await store.GetAsync(ByGroup, 1))!.Result, Is.EqualTo(15), $"call {call}");
            await store.AppendAsync(new Tick(DateTimeOffset.UnixEpoch, 2, 1));
            BatchRun run = await store.RunBatchAsync();
            ViewAnswer<int, long> answer = await store.Query(ByGroup).From(AnswerSource.Batch).ExecuteAsync();
            Assert.That(run.End, Is.EqualTo(new LogPosition(4)), $"call {call}");
            Assert.That(answer.Rows.Select(r => (r.Key, r.Result)), Is.EqualTo(new[] { (1, 15L), (2, 8L) }), $"call {call}");
        }

        Assert.That(refused, Is.GreaterThan(3));
    }

    private sealed record Tick(DateTimeOffset Time, int Group, long Amount);
}
