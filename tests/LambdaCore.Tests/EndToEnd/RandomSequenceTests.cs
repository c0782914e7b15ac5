using System.Collections.Concurrent;
using System.Diagnostics;
using LambdaCore.Tests.EndToEnd.Model;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>
/// The laws in one test: whatever is appended, sealed, computed, asked, closed, killed and deleted in whatever order, every
/// answer is the fold of the events before the position that it reports.
/// </summary>
/// <remarks>
/// LAMBDACORE_SEQUENCES says how many sequences to run, LAMBDACORE_SEED from which seed on: each sequence has a seed of its own,
/// so one sequence is run again by its seed and a count of 1.
/// </remarks>
[TestFixture]
internal sealed class RandomSequenceTests
{
    private const int DefaultSequences = 2000;

    /// <summary>A sequence takes a fraction of a second; one that takes longer than this has come to no end, and is told by its seed instead of being waited for.</summary>
    private static readonly TimeSpan LongestSequence = TimeSpan.FromMinutes(5);

    [Test]
    public async Task Every_answer_is_the_fold_of_the_events_before_its_position()
    {
        int first = int.TryParse(Environment.GetEnvironmentVariable("LAMBDACORE_SEED"), out int given) ? given : Random.Shared.Next();
        int count = int.TryParse(Environment.GetEnvironmentVariable("LAMBDACORE_SEQUENCES"), out int asked) ? asked : DefaultSequences;
        TestContext.Out.WriteLine($"seed {first}, {count} sequences");
        ConcurrentBag<string> failures = [];
        ConcurrentBag<(TimeSpan Took, int Seed)> durations = [];
        long started = Stopwatch.GetTimestamp();
        int done = 0;
        int spilled = 0;
        int scheduled = 0;
        long audited = 0;
        long dropped = 0;
        long amended = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, async (i, _) =>
        {
            if (failures.Count >= 5)
            {
                return;
            }

            int seed = unchecked(first + i);
            Random random = new(seed);
            StoreModel model = new(random);
            long begun = Stopwatch.GetTimestamp();
            Task<string?> run = Task.Run(() => RunAsync(model, random, seed), CancellationToken.None);
            string? failure = await Task.WhenAny(run, Task.Delay(LongestSequence, CancellationToken.None)) == run
                ? await run
                : Told(model, seed, $"The sequence came to no end within {LongestSequence}.");
            durations.Add((Stopwatch.GetElapsedTime(begun), seed));
            if (failure is not null)
            {
                failures.Add(failure);
            }

            Interlocked.Increment(ref done);
            Interlocked.Add(ref spilled, model.HasSpilled ? 1 : 0);
            Interlocked.Add(ref scheduled, model.ScheduledRuns);
            Interlocked.Add(ref audited, model.AuditedKeys);
            Interlocked.Add(ref dropped, model.Dropped);
            Interlocked.Add(ref amended, model.Amended);
        });
        TestContext.Out.WriteLine($"{done} sequences in {Stopwatch.GetElapsedTime(started).TotalSeconds:N1} s, {spilled} of them with states moved to FASTER; {scheduled} batches by a schedule; {audited} keys compared between the layers; {dropped} raw events dropped; {amended} events amended");
        TestContext.Out.WriteLine($"the longest: {string.Join(", ", durations.OrderDescending().Take(5).Select(d => $"seed {d.Seed} {d.Took.TotalSeconds:N1} s"))}");
        Assert.That(failures, Is.Empty);
        Assert.That(spilled, Is.AtLeast(count / 100), "No sequence has moved states to FASTER.");
        Assert.That(scheduled, Is.AtLeast(count / 20), "Hardly any batch ran by a schedule.");
        Assert.That(dropped, Is.AtLeast(count < 50 ? 0 : count / 4), "Hardly any raw event has gone.");
        Assert.That(amended, Is.AtLeast(count < 50 ? 0 : count / 20), "Hardly any event was amended.");
        Assert.That(audited, Is.AtLeast(count < 50 ? 0 : 10L * count), "Hardly any key was compared between the layers.");
    }

    /// <summary>Runs one sequence.</summary>
    /// <returns>What went wrong, with the steps up to there; null if nothing did.</returns>
    private static async Task<string?> RunAsync(StoreModel model, Random random, int seed)
    {
        await using (model)
        {
            try
            {
                await RunStepsAsync(model, random);
                return null;
            }
            catch (Exception error)
            {
                return Told(model, seed, error is ModelViolationException ? error.Message : error.ToString());
            }
        }
    }

    private static string Told(StoreModel model, int seed, string what) => $"To run it again: LAMBDACORE_SEED={seed} LAMBDACORE_SEQUENCES=1\n{model.Steps}{what}\n";

    private static async Task RunStepsAsync(StoreModel model, Random random)
    {
        await model.OpenAsync(RandomViews.Choose(random));
        for (int steps = random.Next(8, 32); steps > 0; steps--)
        {
            await RandomSteps.TakeAsync(model, random);
            model.CheckHealth();
        }

        if (random.Next(2) == 0)
        {
            await model.ReopenAsync();
        }

        await model.AskAllAsync();
        model.CheckHealth();
    }
}
