using LambdaCore.Benchmarks.Sketches;
using NUnit.Framework;

namespace LambdaCore.Tests.Benchmarks;

/// <summary>The tables of errors, small: what sketches promise is kept on every distribution.</summary>
internal sealed class SketchesProgramTests
{
    private const int Rows = 30_000;

    [Test]
    public void Quantiles_are_within_their_accuracy_on_every_distribution()
    {
        using SketchTable table = new();
        QuantileErrors[] errors = [.. Distribution.OfNumbers.SelectMany(d => QuantileErrors.Measure(table, d, Rows)).Where(e => e.Bytes is not null)];
        Assert.That(errors, Has.Length.EqualTo(Distribution.OfNumbers.Count));
        Assert.That(errors.Select(e => e.ValueError), Is.All.LessThanOrEqualTo(0.01 * (1 + 1e-9)));
        Assert.That(errors.Select(e => e.Bytes), Is.All.LessThan(4_000));
    }

    [Test]
    public void Distinct_counts_are_exact_up_to_the_limit_and_within_theory_beyond()
    {
        using SketchTable table = new();
        DistinctErrors[] few = [.. DistinctErrors.Measure(table, 10_000, sets: 3)];
        DistinctErrors[] many = [.. DistinctErrors.Measure(table, Rows, sets: 20)];
        Assert.That(few[0].Greatest, Is.Zero);
        Assert.That(many[0].RootMeanSquare, Is.EqualTo(many[1].RootMeanSquare), "beyond the limit the two are one sketch");
        Assert.That(many[0].RootMeanSquare, Is.LessThan(1.5 * 1.04 / 64), "twenty sets, not random");
        Assert.That(many[0].Greatest, Is.LessThan(4 * 1.04 / 64));
    }

    [Test]
    public void Frequent_values_are_found_and_their_counts_are_within_the_stated_bound()
    {
        using SketchTable table = new();
        TopErrors[] errors = [.. Distribution.OfValues.SelectMany(d => TopErrors.Measure(table, d, Rows)).Where(e => e.Bound is not null)];
        Assert.That(errors, Has.Length.EqualTo(Distribution.OfValues.Count));
        foreach (TopErrors e in errors)
        {
            Assert.That(e.CountError, Is.InRange(0, e.Bound!.Value), e.Values);
            Assert.That(e.Bound, Is.LessThanOrEqualTo((Math.E / 2048) + (1.0 / Rows)), e.Values);
        }

        Assert.That(errors.Single(e => e.Values == "500 values").CountError, Is.Zero, "as many values as fit are exact");
        Assert.That(errors.Where(e => e.Values.StartsWith("Zipf", StringComparison.Ordinal)).Select(e => e.Found), Is.All.EqualTo(10));
    }

    [TestCase(0, 1e-13)]
    [TestCase(1e6, 1e-8)]
    [TestCase(1e9, 1e-5)]
    public void Variances_far_from_zero_keep_their_digits(double offset, double error)
    {
        using SketchTable table = new();
        VarianceErrors[] errors = [.. VarianceErrors.Measure(table, offset, Rows)];
        Assert.That(errors[0].Error, Is.LessThan(error));
        Assert.That(errors[2].Error > error * 1000 || offset == 0, "what a sum of squares loses");
    }

    [Test]
    public void The_program_prints_every_table()
    {
        using StringWriter output = new();
        Assert.That(SketchesProgram.Run(2_000, output), Is.Zero);
        string report = output.ToString();
        foreach (string part in new[] { "quantiles", "distinct", "top 10", "variance at", "DuckDB t-digest", "DuckDB approx_top_k" })
        {
            Assert.That(report, Does.Contain(part));
        }
    }
}
