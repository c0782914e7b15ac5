using LambdaCore.Aggregates;
using LambdaCore.Views;
using NUnit.Framework;

namespace LambdaCore.Tests.Views;

/// <summary>Definitions with statistics and sketches: what they accept, what they refuse with which advice, and what they say of their errors.</summary>
[TestFixture]
internal sealed class StatisticsTests
{
    private static readonly GroupedViewBuilder<Anything, bool> ByFlag = View.Of<Anything>("events").GroupBy(e => e.Flag);

    [Test]
    public void Quantiles_and_spreads_take_every_number_without_a_cast_and_are_nullable_where_values_may_be_missing()
    {
        ViewDefinition<Anything> view = ByFlag.Select(g => new
        {
            A = (double)g.Quantile(e => e.I8, 0.5), B = (double)g.Quantile(e => e.U16, 0.5), C = (double)g.Quantile(e => e.I32, 0.5), D = (double)g.Quantile(e => e.U64, 0.5, 0.02), E = (double)g.Quantile(e => e.F32, 0.5),
            F = (double)g.Quantile(e => e.Dec, 0.5), G = g.Quantile(e => e.I8N, 0.5) ?? 0, H = g.Quantile(e => e.U32N, 0.5) ?? 0, I = g.Quantile(e => e.F64N, 0.5) ?? 0, J = g.Quantile(e => e.DecN, 0.5, 0.1) ?? 0,
            K = g.Variance(e => e.U8), L = g.StandardDeviation(e => e.I64N), M = g.PopulationVariance(e => e.Dec), N = g.PopulationStandardDeviation(e => e.F32N),
            O = (IReadOnlyList<TopItem<Tint?>>)g.TopK(e => e.TintN, 3), P = (IReadOnlyList<TopItem<DateTime>>)g.TopK(e => e.Moment, 3), Q = (IReadOnlyList<TimeSpan>)g.LastN(e => e.Span, 2), R = (IReadOnlyList<bool?>)g.FirstN(e => e.FlagN, 2),
        });
        Assert.That(view.Plan.Aggregates, Has.Count.EqualTo(18));
    }

    [Test]
    public void What_differs_only_in_the_result_shares_a_state()
    {
        ViewDefinition<Anything> view = ByFlag.Select(g => new
        {
            P50 = g.Quantile(e => e.F64, 0.5), P99 = g.Quantile(e => e.F64, 0.99), Fine = g.Quantile(e => e.F64, 0.99, 0.001),
            V = g.Variance(e => e.F64), S = g.StandardDeviation(e => e.F64), T3 = g.TopK(e => e.Text, 3), T5 = g.TopK(e => e.Text, 5), Small = g.TopK(e => e.Text, 5, 16),
        });
        Assert.That(view.Plan.StateColumns.Select(c => c.Name), Is.EqualTo(new[] { "P50", "Fine", "V", "T3", "Small" }));
    }

    [Test]
    public void Shared_states_give_each_result_its_own_share()
    {
        ViewDefinition<Anything, bool, double> middle = ByFlag.Select(g => g.Quantile(e => e.F64, 0.5));
        ViewDefinition<Anything, bool, double> high = ByFlag.Select(g => g.Quantile(e => e.F64, 0.99));
        Assert.That(middle.Plan.Fingerprint, Is.EqualTo(high.Plan.Fingerprint), "the batch view of one serves the other");
        Assert.That(((AggregateFunction[])[.. middle.Plan.Aggregates.Concat(high.Plan.Aggregates).Select(a => a.Function)]).Select(f => f.ResultParameters), Is.Unique);
    }

    [Test]
    public void Buckets_of_a_histogram_are_columns_of_numbers()
    {
        ViewDefinition<Anything> view = ByFlag.Select(g => new { Sizes = g.Histogram(e => e.I32, 10, 100) });
        Assert.That(view.Plan.StateColumns.Select(c => $"{c.Name}: {c.Column.Type}"), Is.EqualTo(new[] { "Sizes_0: Int64", "Sizes_1: Int64", "Sizes_2: Int64" }));
    }

    [Test]
    public void An_explanation_states_the_bound_of_each_error()
    {
        string text = ByFlag.Select(g => new
        {
            P = g.Quantile(e => e.F64, 0.5), T = g.TopK(e => e.Text, 3), A = g.CountDistinct(e => e.Text, 100, WhenExceeded.Approximate), F = g.CountDistinct(e => e.Text, 100), V = g.Variance(e => e.F64), H = g.Histogram(e => e.F64, -1e300, 0.1, 1),
        }).Explain();
        Assert.That(text, Does.Contain("Quantile(\"F64\") with accuracy 0.01 in P: Sketch, relative error at most 1 %\n")
            .And.Contain("TopK(\"Text\") with capacity 1024 in T: Sketch, counts too high by at most 0.133 % of the events\n")
            .And.Contain("CountDistinct(\"Text\") with limit 100, precision 12 beyond in A: Sketch, standard error 1.63 %\n")
            .And.Contain("CountDistinct(\"Text\") with limit 100, fails beyond in F: Sketch\n")
            .And.Contain("Histogram(\"F64\") with edges -1E+300, 0.1, 1 in H_0: Int64, H_1: Int64, H_2: Int64, H_3: Int64\n")
            .And.Contain("count(*) FILTER (WHERE (\"F64\") >= 0.1e0 AND (\"F64\") < 1e0)"));
    }

    [Test]
    public void What_cannot_be_measured_is_refused_with_advice()
    {
        double[] none = null!;
        Assert.Multiple(() =>
        {
            Refuses(() => ByFlag.Select(g => g.Variance(e => e.Text)), "Variance", "String");
            Refuses(() => ByFlag.Select(g => g.Variance(e => e.Span)), "Ticks", "Duration");
            Refuses(() => ByFlag.Select(g => g.Histogram(e => e.Time, 1)), "Histogram", "Timestamp");
            Refuses(() => ByFlag.Select(g => g.StandardDeviation(e => e.Flag)), "StandardDeviation", "Count(e => e.Value)");
            Refuses(() => ByFlag.Select(g => g.Quantile(e => e.F64, 1.5)), "1.5", "between 0");
            Refuses(() => ByFlag.Select(g => g.Quantile(e => e.F64, double.NaN)), "NaN", "0.5 is the median");
            Refuses(() => ByFlag.Select(g => g.Quantile(e => e.F64, 0.5, 0)), "0.001", "0.01");
            Refuses(() => ByFlag.Select(g => g.Quantile(e => e.I32 / e.I16, 0.5)), "may be missing", "(Int32?)(...)");
            Refuses(() => ByFlag.Select(g => g.Histogram(e => e.F64)), "1 to 62", "quantiles");
            Refuses(() => ByFlag.Select(g => g.Histogram(e => e.F64, none)), "edges", "null");
            Refuses(() => ByFlag.Select(g => g.Histogram(e => e.F64, new double[63])), "63", "quantiles");
            Refuses(() => ByFlag.Select(g => g.Histogram(e => e.F64, 1, 3, 2)), "Edge 2", "ascending");
            Refuses(() => ByFlag.Select(g => g.Histogram(e => e.F64, -0.0, 0.0)), "Edge 1", "ascending");
            Refuses(() => ByFlag.Select(g => g.Histogram(e => e.F64, 1, double.PositiveInfinity)), "finite", "above the last");
            Refuses(() => ByFlag.Select(g => g.CountDistinct(e => e.Text, 0)), "100000", "ApproxDistinct");
            Refuses(() => ByFlag.Select(g => g.TopK(e => e.Text, 0)), "1638", "key");
            Refuses(() => ByFlag.Select(g => g.TopK(e => e.Text, 100, 50)), "50", "100");
            Refuses(() => ByFlag.Select(g => g.LastN(e => e.Text, 10_001)), "10000", "key");
            Refuses(() => ByFlag.Select(g => g.LastN(e => e.Text, (int)g.Count())), "when the view is defined", "number");
        });
    }

    private static void Refuses(Func<object> definition, string part, string advice) =>
        Assert.That(definition, Throws.TypeOf<ViewDefinitionException>().With.Message.Contains(part).And.Message.Contains(advice));
}
