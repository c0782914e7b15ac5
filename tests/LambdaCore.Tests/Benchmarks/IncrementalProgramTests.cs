using LambdaCore.Benchmarks.Throughput;
using NUnit.Framework;

namespace LambdaCore.Tests.Benchmarks;

internal sealed class IncrementalProgramTests
{
    [Test]
    public async Task Incremental_program_prints_a_row_for_each_history()
    {
        IncrementalOptions small = IncrementalOptions.Parse(["--added", "1000", "--most", "10", "--rounds", "3", "--users", "200"]);
        using StringWriter output = new();

        int code = await IncrementalProgram.RunAsync(small, output);

        string report = output.ToString();
        TestContext.Out.WriteLine(report);
        Assert.That(code, Is.Zero);
        Assert.That(report, Does.Contain("| 1,000 |").And.Contain("| 10,000 |").And.Not.Contain("| 50,000 |"));
    }

    [Test]
    public void Unknown_argument_is_refused_by_name() =>
        Assert.That(() => IncrementalOptions.Parse(["--mots", "1"]), Throws.ArgumentException.With.Message.Contains("--mots"));
}
