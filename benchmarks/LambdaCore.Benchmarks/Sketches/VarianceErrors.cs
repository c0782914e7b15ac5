using LambdaCore.Aggregates;
using LambdaCore.Values;

namespace LambdaCore.Benchmarks.Sketches;

/// <summary>How far variances are off from two passes in decimals.</summary>
/// <param name="Offset">How far the numbers, which have a standard deviation of 0.29, lie from zero.</param>
/// <param name="Count">How many numbers.</param>
/// <param name="Method">What computed it.</param>
/// <param name="Error">The relative error; null where it failed.</param>
/// <param name="Seconds">How long it took.</param>
internal sealed record VarianceErrors(double Offset, int Count, string Method, double? Error, double Seconds)
{
    /// <summary>Measures ours, DuckDB's, and the textbook's sum of squares.</summary>
    public static IEnumerable<VarianceErrors> Measure(SketchTable table, double offset, int count)
    {
        Random random = new(3);
        double[] numbers = [.. Enumerable.Range(0, count).Select(_ => offset + Math.Round(random.NextDouble(), 4))];
        table.Fill(numbers);
        decimal mean = numbers.Sum(n => (decimal)n) / count;
        double exact = (double)(numbers.Sum(n => ((decimal)n - mean) * ((decimal)n - mean)) / (count - 1));

        (byte[] state, double seconds) = table.State(AggregateFunctions.Spread("Variance", new ScalarType(ValueKind.Float64, false), new SpreadMeasure(IsSample: true, IsRoot: false)));
        MomentsState moments = StateBytes.Read<MomentsState>(state);
        yield return Of("Variance", moments.Squares / (moments.Count - 1), seconds);
        foreach ((string method, string sql) in ((string, string)[])[("DuckDB var_samp", "var_samp(v)"), ("sum of squares", "(sum(v * v) - sum(v) * sum(v) / count(v)) / (count(v) - 1)")])
        {
            (object?[] values, double time) = table.Values($"SELECT {sql} FROM t");
            yield return Of(method, (double)values[0]!, time);
        }

        VarianceErrors Of(string method, double variance, double time) => new(offset, count, method, Math.Abs((variance / exact) - 1), time);
    }
}
