using System.Text.Json;
using LambdaCore.Tests.Tables;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Producers;

/// <summary>Producers in the tables of a real store, for a program that knows only the Delta protocol: their events stand there, their state is in the transactions, and neither names nor
/// forgotten producers keep it from reading.</summary>
[TestFixture]
[Category("Delta")]
internal sealed class ProducersElsewhereTests
{
    [Test]
    public async Task Events_of_producers_are_read_elsewhere_and_the_transactions_say_how_far_they_go()
    {
        string folder = Directory.CreateTempSubdirectory("lambdacore-producers-").FullName;
        try
        {
            string[] names = ["plain", "kafka/orders/3", "\"quoted\" \\ and\nbroken", "ünïcode 😀", $"{Guid.NewGuid()}"];
            await using (LambdaStore<Sourced> store = await LambdaStore.OpenAsync<Sourced>(folder, o => o.EventTime(e => e.At).AddView(Sourced.BySource)))
            {
                foreach (string name in names)
                {
                    await store.CreateProducer(name).AppendAsync(Sourced.Of(name, 0, 10), firstSequence: 0);
                    await store.CreateProducer(name).AppendAsync(Sourced.Of(name, 5, 10), firstSequence: 5);
                    await store.RunBatchAsync();
                }

                await store.ForgetProducerAsync("plain");
            }

            IReadOnlyList<string?[]> elsewhere = IndependentDeltaReader.Query(Path.Combine(folder, "log"), "SELECT Source, count(), sum(Number) FROM {table} GROUP BY Source ORDER BY min(_position)");
            Assert.That(elsewhere, Is.EqualTo(names.Select(n => new[] { n, "15", $"{15 * 14 / 2}" })));

            Dictionary<string, long> transactions = [];
            foreach (string commit in Directory.GetFiles(Path.Combine(folder, "log", "_delta_log")).Order(StringComparer.Ordinal))
            {
                foreach (string line in await File.ReadAllLinesAsync(commit))
                {
                    using JsonDocument action = JsonDocument.Parse(line);
                    if (action.RootElement.TryGetProperty("txn", out JsonElement transaction))
                    {
                        transactions[transaction.GetProperty("appId").GetString()!] = transaction.GetProperty("version").GetInt64();
                    }
                }
            }

            foreach (string name in names)
            {
                Assert.That(transactions[$"producer/{name}"], Is.EqualTo(name == "plain" ? -1 : 14), name);
            }

            Assert.That(transactions, Has.Count.EqualTo(names.Length + 1), "and the store itself");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
