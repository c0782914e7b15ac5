using LambdaCore.Aggregates;
using LambdaCore.Values;

namespace LambdaCore.Benchmarks.Sketches;

/// <summary>
/// How far estimated quantiles are off: the greatest relative error of value, and the greatest error of rank, among the quantiles 0.01, 0.25, 0.5, 0.9, 0.99 and 0.999.
/// </summary>
/// <param name="Numbers">The distribution.</param>
/// <param name="Count">How many numbers.</param>
/// <param name="Method">What estimated.</param>
/// <param name="ValueError">The greatest relative error of a value.</param>
/// <param name="RankError">The greatest error of a rank, as a share of all numbers.</param>
/// <param name="Bytes">The size of the state, where it is known.</param>
/// <param name="Seconds">How long it took.</param>
internal sealed record QuantileErrors(string Numbers, int Count, string Method, double ValueError, double RankError, int? Bytes, double Seconds)
{
    private static readonly double[] Shares = [0.01, 0.25, 0.5, 0.9, 0.99, 0.999];

    /// <summary>Measures DDSketch at 1 %, and DuckDB's t-digest and reservoir.</summary>
    public static IEnumerable<QuantileErrors> Measure(SketchTable table, Distribution distribution, int count)
    {
        double[] sorted = distribution.Make(new Random(1), count);
        table.Fill(sorted);
        Array.Sort(sorted);

        (byte[] state, double seconds) = table.State(AggregateFunctions.Quantile(new ScalarType(ValueKind.Float64, false), 0.5));
        QuantileState read = StateBytes.Read<QuantileState>(state);
        LogBuckets buckets = new(Quantile.DefaultAccuracy);
        yield return Of(distribution, sorted, "DDSketch 1 %", [.. Shares.Select(s => read.Quantile(buckets, s)!.Value)], state.Length, seconds);

        string shares = string.Join(", ", Shares);
        foreach ((string method, string function) in ((string, string)[])[("DuckDB t-digest", "approx_quantile"), ("DuckDB reservoir", "reservoir_quantile")])
        {
            (object?[] values, double time) = table.Values($"SELECT unnest({function}(v, [{shares}])) FROM t");
            yield return Of(distribution, sorted, method, [.. values.Cast<double>()], null, time);
        }
    }

    private static QuantileErrors Of(Distribution distribution, double[] sorted, string method, double[] estimates, int? bytes, double seconds)
    {
        double value = 0;
        double rank = 0;
        for (int i = 0; i < Shares.Length; i++)
        {
            double exact = sorted[QuantileState.Rank(Shares[i], sorted.Length)];
            value = Math.Max(value, Math.Abs(estimates[i] - exact) / exact);

            // A value that occurs often has a range of ranks; an estimate that is one of them is right.
            double least = Below(sorted, estimates[i]) / (double)sorted.Length;
            double most = Below(sorted, Math.BitIncrement(estimates[i])) / (double)sorted.Length;
            rank = Math.Max(rank, Math.Max(least - Shares[i], Shares[i] - most));
        }

        return new QuantileErrors(distribution.Name, sorted.Length, method, value, rank, bytes, seconds);
    }

    private static int Below(double[] sorted, double value)
    {
        int low = 0;
        for (int high = sorted.Length; low < high;)
        {
            int middle = (low + high) / 2;
            (low, high) = sorted[middle] < value ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
