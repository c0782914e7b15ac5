using LambdaCore.Benchmarks.Cardinality;
using LambdaCore.Benchmarks.Soak;
using NUnit.Framework;

namespace LambdaCore.Tests.Benchmarks;

internal sealed class SoakProgramTests
{
    [Test]
    public async Task A_soak_of_seconds_is_exact_and_prints_its_table()
    {
        using StringWriter output = new();
        int code = await SoakProgram.RunAsync(SoakOptions.Parse(["--minutes", "0.3", "--rate", "2000"]) with { DoesEverything = false }, output);
        TestContext.Out.WriteLine(output.ToString());
        Assert.That(code, Is.Zero);
        Assert.That(output.ToString(), Does.Contain("| memory |").And.Contain("all answers exact"));
    }

    [Test]
    public async Task A_bound_that_is_exceeded_is_told_and_makes_the_exit_code()
    {
        using StringWriter output = new();
        int code = await SoakProgram.RunAsync(SoakOptions.Parse(["--minutes", "0.03", "--rate", "500"]) with { DoesEverything = false, SpeedBytes = 16 << 20, MemoryBase = -2000L << 20 }, output);
        Assert.That(code, Is.Not.Zero);
        Assert.That(output.ToString(), Does.Contain("WRONG").And.Contain("memory went up to"));
    }

    [Test]
    public async Task Many_keys_under_a_small_budget_spill_and_are_exact()
    {
        using StringWriter output = new();
        int code = await CardinalityProgram.RunAsync(CardinalityOptions.Parse(["--keys", "600000", "--speed-mb", "16"]) with { MemoryBase = 2000L << 20 }, output);
        TestContext.Out.WriteLine(output.ToString());
        Assert.That(code, Is.Zero);
        Assert.That(output.ToString(), Does.Contain("all answers exact"));
    }

    [Test]
    public void Unknown_arguments_are_refused_by_name()
    {
        Assert.That(() => SoakOptions.Parse(["--mintues", "1"]), Throws.ArgumentException.With.Message.Contains("--mintues"));
        Assert.That(() => CardinalityOptions.Parse(["--kyes", "1"]), Throws.ArgumentException.With.Message.Contains("--kyes"));
    }
}
