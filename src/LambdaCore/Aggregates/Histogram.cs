using System.Globalization;
using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>
/// How many numbers fall into each bucket between given edges: below the first, from each edge up to the next, and from the last one on. A number
/// that is an edge belongs to the bucket above it; NaN is above all numbers. Each bucket is a column of its own, which anybody who reads a batch view can add up.
/// </summary>
/// <param name="edges">The edges: finite, strictly ascending, one fewer than there are buckets.</param>
/// <typeparam name="TWidth">The number of buckets.</typeparam>
internal readonly struct Histogram<TWidth>(double[] edges) : IAggregator<double, HistogramState<TWidth>, IReadOnlyList<long>>
    where TWidth : IWidth
{
    /// <summary>The aggregate as data.</summary>
    public static AggregateFunction Describe(double[] edges) => new(
        "Histogram", new Histogram<TWidth>(edges), [new ScalarType(ValueKind.Float64, false)],
        [.. Enumerable.Range(0, TWidth.Value).Select(i => new StateColumn(i.ToString(CultureInfo.InvariantCulture), new ScalarType(ValueKind.Int64, false), (in of) => Sql(edges, i, in of)))])
    {
        Parameters = "edges " + string.Join(", ", edges.Select(Digits)),
    };

    /// <inheritdoc/>
    public void Add(ref HistogramState<TWidth> state, double input, in EventStamp stamp)
    {
        int low = 0;
        for (int high = edges.Length; low < high;)
        {
            int middle = (low + high) / 2;
            if (input < edges[middle])
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        state.Add(low);
    }

    /// <inheritdoc/>
    public IReadOnlyList<long> Result(in HistogramState<TWidth> state) => state.Counts();

    // NaN is above all numbers in SQL too. A missing number is in no bucket, since no comparison with it holds.
    private static string Sql(double[] edges, int bucket, in StateOperands of)
    {
        string input = $"({of.Input})";
        string from = bucket == 0 ? "" : $"{input} >= {Literal(edges[bucket - 1])}";
        string to = bucket == edges.Length ? "" : $"{input} < {Literal(edges[bucket])}";
        string inside = from.Length > 0 && to.Length > 0 ? $"{from} AND {to}" : from + to;
        return $"count(*) FILTER (WHERE {(of.Predicate.Length == 0 ? "" : $"({of.Predicate}) AND ")}{inside})";
    }

    // Without an exponent SQL would take it for a decimal.
    private static string Literal(double edge) => Digits(edge) is var digits && digits.Contains('E', StringComparison.Ordinal) ? digits : digits + "e0";

    private static string Digits(double edge) => edge.ToString("R", CultureInfo.InvariantCulture);
}
