using LambdaCore.Aggregates;
using LambdaCore.Values;

namespace LambdaCore.Benchmarks.Sketches;

/// <summary>How good estimated lists of the most frequent values are.</summary>
/// <param name="Values">The distribution.</param>
/// <param name="Count">How many events.</param>
/// <param name="Method">What estimated.</param>
/// <param name="Found">How many of the ten most frequent values are in the list of ten, ties counting as right.</param>
/// <param name="CountError">The greatest error of a count, as a share of all events; null where there are no counts.</param>
/// <param name="Bound">The error that is stated.</param>
/// <param name="Bytes">The size of the state, where it is known.</param>
/// <param name="Seconds">How long it took.</param>
internal sealed record TopErrors(string Values, int Count, string Method, int Found, double? CountError, double? Bound, int? Bytes, double Seconds)
{
    private const int Wanted = 10;

    /// <summary>Measures TopK at its default capacity, and DuckDB's filtered Space-Saving.</summary>
    public static IEnumerable<TopErrors> Measure(SketchTable table, Distribution distribution, int count)
    {
        double[] events = distribution.Make(new Random(2), count);
        table.Fill(events);
        Dictionary<double, long> exact = events.CountBy(e => e).ToDictionary(c => c.Key, c => (long)c.Value);
        long tenth = exact.Values.OrderDescending().ElementAt(Wanted - 1);

        (byte[] state, double seconds) = table.State(AggregateFunctions.TopK(new ScalarType(ValueKind.Float64, false), typeof(double), Wanted));
        TopItem<double>[] top = StateBytes.Read<TopState<double>>(state).Top(Wanted);
        yield return new TopErrors(
            distribution.Name, count, "TopK", top.Count(i => exact[i.Value] >= tenth), top.Max(i => i.Count - exact[i.Value]) / (double)count, top.Max(i => i.Error) / (double)count, state.Length, seconds);

        (object?[] values, double time) = table.Values($"SELECT unnest(approx_top_k(v, {Wanted})) FROM t");
        yield return new TopErrors(distribution.Name, count, "DuckDB approx_top_k", values.Cast<double>().Count(v => exact[v] >= tenth), null, null, null, time);
    }
}
