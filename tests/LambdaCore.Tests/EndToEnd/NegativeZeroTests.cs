using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>Negative zero is zero in both layers, also where a column has few values, so that Parquet files keep it in a dictionary.</summary>
internal sealed class NegativeZeroTests
{
    private const int Events = 12_000;

    private static readonly ViewDefinition<Reading, bool, Totals> Readings = View.Of<Reading>("readings")
        .Where(e => e.Level == 0)
        .GroupBy(e => e.Drift == 0)
        .Select(g => new Totals(g.Count(), g.Count(e => e.Level >= 0), g.Count(e => 1 / e.Level > 0), g.Count(e => 1 / e.Drift < 0), g.Latest(e => e.Level)));

    [Test]
    public async Task Both_layers_count_it_as_zero()
    {
        using InMemoryStorage disk = new();
        LambdaStoreOptions<Reading> options = new();
        options.EventTime(e => e.Time).AddView(Readings);
        await using LambdaStore<Reading> store = StoreOpening.Open("memory", disk, options);
        double[] levels = [-0.0, 1, -0.0, double.NaN, 0.0];
        float?[] drifts = [-0f, null, 5, float.NaN];
        Reading[] readings = [.. Enumerable.Range(0, Events).Select(i => new Reading(DateTimeOffset.UnixEpoch, levels[i % levels.Length], drifts[i % drifts.Length]))];

        await store.AppendAsync(readings);
        ViewEntry<bool, Totals>? recent = await store.GetAsync(Readings, true);
        await store.RunBatchAsync();
        ViewEntry<bool, Totals>? batch = await store.GetAsync(Readings, true);

        const int Zeros = Events * 3 / 5 / 4;
        Totals expected = new(Zeros, Zeros, Zeros, 0, 0);
        Assert.That(recent!.Result, Is.EqualTo(expected));
        Assert.That(batch!.Result, Is.EqualTo(expected));
        Assert.That(double.IsNegative(recent.Result.Last!.Value) || double.IsNegative(batch.Result.Last!.Value), Is.False);
    }

    private sealed record Reading(DateTimeOffset Time, double Level, float? Drift);

    private sealed record Totals(long Count, long NotNegative, long PositiveInverses, long NegativeInverses, double? Last);
}
