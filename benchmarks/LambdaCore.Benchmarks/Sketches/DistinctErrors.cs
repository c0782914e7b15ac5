using LambdaCore.Aggregates;
using LambdaCore.Values;

namespace LambdaCore.Benchmarks.Sketches;

/// <summary>How far estimated numbers of distinct values are off, over several sets.</summary>
/// <param name="Distinct">The true number.</param>
/// <param name="Method">What estimated.</param>
/// <param name="RootMeanSquare">The root of the mean squared relative error.</param>
/// <param name="Greatest">The greatest relative error.</param>
/// <param name="Bytes">The size of the state, where it is known.</param>
/// <param name="Seconds">How long one set took.</param>
internal sealed record DistinctErrors(int Distinct, string Method, double RootMeanSquare, double Greatest, int? Bytes, double Seconds)
{
    /// <summary>Measures the exact count, the count that becomes an estimate at 10,000, HyperLogLog of 4096 registers, and DuckDB's of 64.</summary>
    public static IEnumerable<DistinctErrors> Measure(SketchTable table, int distinct, int sets)
    {
        ScalarType numbers = new(ValueKind.Float64, false);
        AggregateFunction approximate = AggregateFunctions.ApproxDistinct(numbers);
        AggregateFunction exact = AggregateFunctions.CountDistinct(numbers, 10_000, WhenExceeded.Approximate);
        List<(double Estimate, int? Bytes, double Seconds)>[] seen = [[], [], []];
        for (int set = 0; set < sets; set++)
        {
            table.Fill([.. Enumerable.Range(0, distinct).Select(i => set + (i / (double)distinct))]);
            (byte[] state, double seconds) = table.State(exact);
            seen[0].Add((StateBytes.Read<DistinctState<double>>(state).Count, state.Length, seconds));
            (state, seconds) = table.State(approximate);
            seen[1].Add((StateBytes.Read<HyperLogLogState>(state).Estimate(), state.Length, seconds));
            (object?[] values, seconds) = table.Values("SELECT approx_count_distinct(v) FROM t");
            seen[2].Add(((long)values[0]!, null, seconds));
        }

        string[] methods = ["CountDistinct, limit 10,000", "ApproxDistinct", "DuckDB approx_count_distinct"];
        return methods.Select((method, i) => new DistinctErrors(
            distinct, method,
            Math.Sqrt(seen[i].Average(s => Math.Pow((s.Estimate / distinct) - 1, 2))), seen[i].Max(s => Math.Abs((s.Estimate / distinct) - 1)),
            seen[i][0].Bytes, seen[i].Min(s => s.Seconds)));
    }
}
