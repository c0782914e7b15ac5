using System.Globalization;

namespace LambdaCore.Benchmarks.Sketches;

/// <summary>
/// Prints what sketches and statistics are off by, against the exact answers, against theory, and against DuckDB's own approximate functions over the same data. Times are
/// of the same statement in one run; only their ratios mean anything.
/// </summary>
internal static class SketchesProgram
{
    /// <summary>Runs all tables.</summary>
    /// <param name="greatest">The largest number of rows.</param>
    /// <param name="output">Where to write.</param>
    public static int Run(int greatest, TextWriter output)
    {
        using SketchTable table = new();
        int[] counts = [.. ((int[])[10_000, 100_000, 1_000_000]).Where(c => c < greatest), greatest];
        Line(output, $"{"quantiles",-12} {"rows",9} {"by",-18} {"value off",11} {"rank off",10} {"bytes",8} {"time",8}");
        foreach (Distribution distribution in Distribution.OfNumbers)
        {
            foreach (int count in counts)
            {
                double? first = null;
                foreach (QuantileErrors e in QuantileErrors.Measure(table, distribution, count))
                {
                    Line(output, $"{e.Numbers,-12} {e.Count,9} {e.Method,-18} {e.ValueError,11:P3} {e.RankError,10:P3} {e.Bytes,8} {e.Seconds / (first ??= e.Seconds),8:0.00}");
                }
            }
        }

        Line(output, $"\n{"distinct",-12} {"by",-30} {"RMS",10} {"greatest",10} {"bytes",8} {"time",8}");
        foreach (int distinct in counts.Prepend(1_000))
        {
            double? first = null;
            foreach (DistinctErrors e in DistinctErrors.Measure(table, distinct, sets: 20))
            {
                Line(output, $"{e.Distinct,-12} {e.Method,-30} {e.RootMeanSquare,10:P3} {e.Greatest,10:P3} {e.Bytes,8} {e.Seconds / (first ??= e.Seconds),8:0.00}");
            }
        }

        Line(output, $"\n{"top 10",-12} {"rows",9} {"by",-20} {"found",6} {"count off",10} {"bound",8} {"bytes",8} {"time",8}");
        foreach (Distribution distribution in Distribution.OfValues)
        {
            double? first = null;
            foreach (TopErrors e in TopErrors.Measure(table, distribution, greatest))
            {
                Line(output, $"{e.Values,-12} {e.Count,9} {e.Method,-20} {e.Found,6} {e.CountError,10:P4} {e.Bound,8:P3} {e.Bytes,8} {e.Seconds / (first ??= e.Seconds),8:0.00}");
            }
        }

        Line(output, $"\n{"variance at",-12} {"rows",9} {"by",-18} {"off",12} {"time",8}");
        foreach (double offset in (double[])[0, 1e6, 1e9, 1e11])
        {
            double? first = null;
            foreach (VarianceErrors e in VarianceErrors.Measure(table, offset, greatest))
            {
                Line(output, $"{e.Offset,-12:0e0} {e.Count,9} {e.Method,-18} {e.Error,12:0.0e+0} {e.Seconds / (first ??= e.Seconds),8:0.00}");
            }
        }

        return 0;
    }

    private static void Line(TextWriter output, FormattableString line) => output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
