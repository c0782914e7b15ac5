using System.Diagnostics;
using NUnit.Framework;

namespace LambdaCore.Tests.SamplePrograms;

/// <summary>Runs the samples as programs, small: each checks all its answers itself and says so in its exit code and last line.</summary>
[TestFixture]
[Category("Samples")]
internal sealed class SampleTests
{
    [TestCase("Flights", "--events", "100000")]
    [TestCase("WebAnalytics", "--seconds", "3", "--seed", "5")]
    [TestCase("Reprocessing", "--events", "20000", "--seed", "5")]
    public async Task A_sample_runs_to_its_end_and_finds_all_its_answers_right(string sample, params string[] arguments)
    {
        (int exitCode, string output, string errors) = await RunAsync(sample, arguments);

        Assert.That(exitCode, Is.Zero, output + errors);
        Assert.That(output.TrimEnd().Split('\n')[^1].TrimEnd(), Is.EqualTo("all rows agree"), output + errors);
    }

    [Test]
    public async Task Late_events_are_shown_in_the_hour_in_which_they_happened_with_what_became_of_them()
    {
        (int exitCode, string output, string errors) = await RunAsync("WebAnalytics", "--seconds", "1");

        Assert.That(exitCode, Is.Zero, output + errors);
        string[] lines = [.. output.Split('\n').Select(l => l.Trim())];
        Assert.Multiple(() =>
        {
            Assert.That(lines, Has.One.EqualTo("late events: grace period 00:30:00, after which they are counted all the same (LatePolicy.Include)"));
            AssertHour("before", "3 purchases, 60.00 in all, complete", "Batch [0,4) = Batch [0,4) + Speed [4,4)");
            AssertHour("after", "5 purchases, 150.00 in all, complete", "Merged [0,6) = Batch [0,4) + Speed [4,6)", "late 2 counted, 0 waiting, 0 rejected");
            AssertHour("waiting", "3 purchases, 60.00 in all, complete", "Batch [0,5) = Batch [0,4) + Speed [4,5)", "late 0 counted, 1 waiting, 0 rejected");
            AssertHour("next batch", "4 purchases, 120.00 in all, complete", "Batch [0,5) = Batch [0,5) + Speed [5,5)");
            AssertHour("rejected", "3 purchases, 60.00 in all, complete", "Batch [0,5) = Batch [0,4) + Speed [4,5)", "late 0 counted, 0 waiting, 1 rejected");
            Assert.That(lines, Has.One.EqualTo("dead letter at 4: purchase of 10:10, value 60.00"));
            Assert.That(lines, Has.One.EqualTo("01:05:00 behind the watermark 2024-03-01T11:15:00.0000000+00:00, which is more than the grace period of 00:30:00"));
        });

        void AssertHour(string when, string row, params string[] receipt)
        {
            int at = Array.FindIndex(lines, l => l.StartsWith(when, StringComparison.Ordinal));
            Assert.That(lines[at], Is.EqualTo($"{when,-10}  10:00  {row}"), output);
            foreach (string part in receipt)
            {
                Assert.That(lines[at + 1], Does.Contain(part));
            }
        }
    }

    [Test]
    [Platform("Unix")]
    public async Task A_sample_that_is_killed_and_damaged_in_all_its_ways_finds_every_promise_held()
    {
        (int exitCode, string output, string errors) = await RunAsync("FaultTolerance", "--seed", "5");

        Assert.That(exitCode, Is.Zero, output + errors);
        string[] lines = [.. output.TrimEnd().Split('\n').Select(l => l.TrimEnd())];
        Assert.That(lines.Count(l => l.EndsWith("  yes", StringComparison.Ordinal)), Is.EqualTo(11), output + errors);
        Assert.That(lines[^1], Is.EqualTo("all promises held"), output + errors);
    }

    [TestCase("FaultTolerance")]
    [TestCase("Flights")]
    [TestCase("WebAnalytics")]
    [TestCase("Reprocessing")]
    public async Task A_sample_that_is_asked_for_nonsense_says_what_it_takes_and_fails(string sample)
    {
        (int exitCode, string output, string errors) = await RunAsync(sample, "--nonsense");

        Assert.That(exitCode, Is.EqualTo(1), output + errors);
        Assert.That(errors, Does.StartWith($"Usage: {sample} "));
    }

    private static async Task<(int ExitCode, string Output, string Errors)> RunAsync(string sample, params string[] arguments)
    {
        // tests/LambdaCore.Tests/bin/<configuration>/<framework>: samples are built in the same configuration beside it.
        DirectoryInfo framework = new(TestContext.CurrentContext.TestDirectory);
        string program = Path.GetFullPath(Path.Combine(
            framework.FullName, "../../../../../samples", sample, "bin", framework.Parent!.Name, framework.Name, $"{sample}.dll"));
        ProcessStartInfo start = new("dotnet", ["exec", program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await errors);
    }
}
