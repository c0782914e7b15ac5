using System.Globalization;
using LambdaCore.CrashHost;
using NUnit.Framework;

namespace LambdaCore.Tests.Faults;

/// <summary>A batch over more than the kernel lets the process have spills and finishes.</summary>
[TestFixture]
[Category("RealFaults")]
[Platform("Linux")]
internal sealed class MemoryLimitTests
{
    private const int Events = 2_500_000;

    [Test]
    public async Task A_batch_over_more_than_the_kernel_allows_finishes_or_fails_clearly_and_the_store_opens()
    {
        string folder = Directory.CreateTempSubdirectory("lambdacore-memory-").FullName;
        try
        {
            await using (LambdaStore<NumberedEvent> store = await LambdaStore.OpenAsync<NumberedEvent>(folder, o => o.EventTime(e => e.At)))
            {
                foreach (int[] part in Enumerable.Range(0, Events).Chunk(50_000))
                {
                    _ = await store.AppendAsync(part.Select(i => NumberedEvent.Of(0, i)).ToArray());
                }

                _ = await store.RunBatchAsync();
            }

            using MemoryGroup group = MemoryGroup.MakeOrIgnore(300L << 20);
            using FaultHost host = FaultHost.Start(group.Run);
            string path = Path.Combine(folder, "..", Path.GetFileName(folder) + ".tape");
            using Tape tape = Tape.Open(path);
            await host.SendAsync("batch", path, 0, 0, folder);
            bool hasEnded = await host.WaitAsync(tape, lines => lines[^1] == "0 ended", TimeSpan.FromMinutes(5));
            FaultLife life = FaultLife.Of(0, 0, tape.Lines());
            File.Delete(path);
            await TestContext.Out.WriteLineAsync(string.Join('\n', life.Lines));
            Assert.That(hasEnded, Is.True, "The kernel killed the process: its memory is not bounded.");
            Assert.That(life.Unclear, Is.Empty);

            await using LambdaStore<NumberedEvent> again = await LambdaStore.OpenAsync<NumberedEvent>(folder, o => o.EventTime(e => e.At).AddView(NumberedViews.ByNumber));
            _ = await again.RunBatchAsync();
            ViewAnswer<long, long> answer = await again.Query(NumberedViews.ByNumber).ExecuteAsync();
            Assert.That(answer.Rows, Has.Count.EqualTo(Events));
            Assert.That(answer.Rows.Where((r, i) => r.Key != i || r.Result != 1), Is.Empty);
            Assert.That(life.Failures.Count == 0 || life.Failures.Any(f => f.Contains("memory", StringComparison.OrdinalIgnoreCase)), Is.True, string.Create(CultureInfo.InvariantCulture, $"{life.Failures.Count} failures"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
