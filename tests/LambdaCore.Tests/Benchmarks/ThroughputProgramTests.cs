using LambdaCore.Benchmarks.Throughput;
using NUnit.Framework;

namespace LambdaCore.Tests.Benchmarks;

internal sealed class ThroughputProgramTests
{
    [Test]
    public async Task Throughput_program_reports_each_of_its_figures()
    {
        ThroughputOptions small = ThroughputOptions.Parse(
            ["--events", "10000", "--batch", "1000", "--callers", "8", "--events-per-caller", "4", "--gets", "500", "--windows", "5", "--rounds", "1"]);
        using StringWriter output = new();

        int code = await ThroughputProgram.RunAsync(small, output);

        string report = output.ToString();
        TestContext.Out.WriteLine(report);
        Assert.That(code, Is.Zero);
        foreach (string figure in new[] { "append in batches    Fsync", "append by    8 callers None", "pieces, one thread", "get a user's profile   merged", "24 hours, one type", "full batch   all, CPU time" })
        {
            Assert.That(report, Does.Contain(figure));
        }
    }

    [Test]
    public void Unknown_argument_is_refused_by_name() =>
        Assert.That(() => ThroughputOptions.Parse(["--evens", "1"]), Throws.ArgumentException.With.Message.Contains("--evens"));
}
