namespace LambdaCore.Benchmarks.Sketches;

/// <summary>A named way to make numbers.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Make">Makes as many as asked for.</param>
internal sealed record Distribution(string Name, Func<Random, int, double[]> Make)
{
    /// <summary>Numbers to be ordered: even, skewed, with a heavy tail, in order, and with many equal ones.</summary>
    public static IReadOnlyList<Distribution> OfNumbers { get; } =
    [
        Each("uniform", (random, _) => 1 + (random.NextDouble() * 999)),
        Each("lognormal", (random, _) => Math.Exp(2 * Normal(random))),
        Each("Pareto", (random, _) => 1 / (1 - random.NextDouble())),
        Each("ascending", (_, i) => i + 1),
        Each("duplicates", (random, _) => 10 * random.Next(1, 11)),
    ];

    /// <summary>Numbers to be counted: which of many values an event has.</summary>
    public static IReadOnlyList<Distribution> OfValues { get; } =
    [
        Zipf(1.5, 100_000),
        Zipf(1.1, 100_000),
        Zipf(0.8, 100_000),
        Each("uniform", (random, _) => random.Next(100_000)),
        Each("500 values", (random, _) => Math.Floor(500 * Math.Pow(random.NextDouble(), 2))),
    ];

    private static Distribution Each(string name, Func<Random, int, double> one) =>
        new(name, (random, count) => [.. Enumerable.Range(0, count).Select(i => one(random, i))]);

    private static Distribution Zipf(double exponent, int values)
    {
        double[] cumulative = new double[values];
        double sum = 0;
        for (int i = 0; i < values; i++)
        {
            cumulative[i] = sum += Math.Pow(i + 1, -exponent);
        }

        return Each($"Zipf {exponent:0.0}", (random, _) =>
        {
            int at = Array.BinarySearch(cumulative, random.NextDouble() * sum);
            return Math.Min(values - 1, at < 0 ? ~at : at);
        });
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
