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
    public async Task A_sample_runs_to_its_end_and_finds_all_its_answers_right(string sample, params string[] arguments)
    {
        (int exitCode, string output, string errors) = await RunAsync(sample, arguments);

        Assert.That(exitCode, Is.Zero, output + errors);
        Assert.That(output.TrimEnd().Split('\n')[^1].TrimEnd(), Is.EqualTo("all rows agree"), output + errors);
    }

    [TestCase("Flights")]
    [TestCase("WebAnalytics")]
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
