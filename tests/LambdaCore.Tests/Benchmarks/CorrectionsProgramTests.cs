using LambdaCore.Benchmarks.Throughput;
using NUnit.Framework;

namespace LambdaCore.Tests.Benchmarks;

internal sealed class CorrectionsProgramTests
{
    [Test]
    public async Task Corrections_program_prints_a_row_for_each_kind_of_correction()
    {
        CorrectionsOptions small = CorrectionsOptions.Parse(["--events", "20000", "--users", "200"]);
        using StringWriter output = new();

        int code = await CorrectionsProgram.RunAsync(small, output);

        string report = output.ToString();
        TestContext.Out.WriteLine(report);
        Assert.That(code, Is.Zero);
        Assert.That(report, Does.Contain("| scattered over everything |").And.Contain("| concentrated in one day |").And.Not.Contain("| 0 |"));
    }

    [Test]
    public void Unknown_argument_is_refused_by_name() =>
        Assert.That(() => CorrectionsOptions.Parse(["--evnets", "1"]), Throws.ArgumentException.With.Message.Contains("--evnets"));
}
