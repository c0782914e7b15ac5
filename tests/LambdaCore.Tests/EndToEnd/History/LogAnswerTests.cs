using LambdaCore.Storage;
using LambdaCore.Views;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.History;

/// <summary>What no batch view covers and the speed view does not hold is computed from the log, while it goes on.</summary>
[TestFixture]
internal sealed class LogAnswerTests
{
    private static readonly ViewDefinition<Purchase, int, long> All = View.Of<Purchase>("all").GroupBy(e => 1).Select(g => g.Count());

    private static readonly ViewDefinition<Purchase, HourKey, long> Hourly =
        View.Of<Purchase>("hourly").GroupBy(e => new HourKey(e.Product, Window.Hour(e.At))).Select(g => g.Count());

    [Test]
    public async Task Each_answer_counts_the_events_before_its_position_while_events_and_batches_come()
    {
        using InMemoryStorage disk = new();
        await using (LambdaStore<Purchase> filled = Open(disk))
        {
            await filled.AppendAsync(Enumerable.Range(0, 3000).Select(i => Purchase.Of($"p{i % 7}", i)).ToArray());
            await StoreInternals<Purchase>.Of(filled).Log.SealAsync(filled.Position, CancellationToken.None);
        }

        await using LambdaStore<Purchase> store = Open(disk);
        AnswerSource seen = (await store.GetAsync(All, 1))!.Receipt.Source;
        Assert.That(seen, Is.EqualTo(AnswerSource.Log));
        Task appending = Task.Run(async () =>
        {
            for (int i = 0; i < 120; i++)
            {
                await store.AppendAsync(Enumerable.Range(0, 10).Select(n => Purchase.Of($"p{n % 7}", n)).ToArray());
                if (i == 60)
                {
                    await store.RunBatchAsync();
                }
            }
        });
        while (!appending.IsCompleted)
        {
            await AskAsync();
        }

        await appending;
        await AskAsync();
        Assert.That(seen, Is.EqualTo(AnswerSource.Log | AnswerSource.Merged));

        async Task AskAsync()
        {
            ViewEntry<int, long> one = (await store.GetAsync(All, 1))!;
            Assert.That(one.Result, Is.EqualTo(one.Receipt.Position.Value), $"{one.Receipt}");
            ViewAnswer<string, long> rows = await store.Query(Purchase.ByProduct).ExecuteAsync();
            Assert.That(rows.Rows.Sum(r => r.Result), Is.EqualTo(rows.Receipt.Position.Value), $"{rows.Receipt}");
            seen |= one.Receipt.Source | rows.Receipt.Source;
        }
    }

    [Test]
    public async Task A_receipt_names_the_log_among_the_layers()
    {
        using InMemoryStorage disk = new();
        await using (LambdaStore<Purchase> filled = Open(disk))
        {
            await filled.AppendAsync((Purchase[])[Purchase.Of("p0"), Purchase.Of("p1")]);
            await filled.RunBatchAsync();
            await filled.AppendAsync((Purchase[])[Purchase.Of("p0"), Purchase.Of("p2"), Purchase.Of("p2")]);
            await StoreInternals<Purchase>.Of(filled).Log.SealAsync(filled.Position, CancellationToken.None);
        }

        await using LambdaStore<Purchase> store = Open(disk);
        await store.AppendAsync(Purchase.Of("p0"));
        ViewAnswer<string, long> answer = await store.Query(Purchase.ByProduct).ExecuteAsync();
        Assert.That(answer.Rows.Select(r => (r.Key, r.Result, r.Source)), Is.EqualTo(new[]
        {
            ("p0", 3L, AnswerSource.Merged | AnswerSource.Log), ("p1", 1L, AnswerSource.Batch), ("p2", 2L, AnswerSource.Log),
        }));
        Assert.That(answer.Receipt.Layers.Select(l => $"{l.Source} {l.Range}"), Is.EqualTo(["Batch [0,2)", "Log [2,5)", "Speed [5,6)"]));
        Assert.That(answer.Receipt.BatchEnd.Value, Is.EqualTo(2));
    }

    [Test]
    public void A_pinned_key_and_a_range_of_time_become_conditions_that_statistics_of_files_can_answer()
    {
        KeyRestriction restriction = new([[.. Key("p1")], null], (0, 1));
        Assert.That(restriction.OnEvents(Hourly.Plan), Is.EqualTo([
            "\"Product\" = 'p1'", "\"At\" >= make_timestamptz(0) AND \"At\" < make_timestamptz(3600000000)",
        ]));

        static byte[] Key(string text)
        {
            LambdaCore.Values.ByteWriter writer = new();
            LambdaCore.Values.KeyWriter.Write(writer, text);
            return writer.Written.ToArray();
        }
    }

    private static LambdaStore<Purchase> Open(IStorage disk) => Purchase.Open(disk, options =>
    {
        options.AnswersFromLog = true;
        options.AddView(Purchase.ByProduct);
        options.AddView(All);
    });

    private readonly record struct HourKey(string Product, DateTimeOffset Hour);
}
