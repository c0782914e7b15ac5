using LambdaCore.DuckDb;
using LambdaCore.Log;
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

    [Test]
    public async Task A_corrected_value_of_negative_zero_is_stored_as_zero()
    {
        using InMemoryStorage disk = new();
        LambdaStoreOptions<Reading> options = new();
        options.EventTime(e => e.Time).AddView(Readings);
        await using LambdaStore<Reading> store = StoreOpening.Open("memory", disk, options);
        await store.AppendAsync(Enumerable.Range(0, 100).Select(i => new Reading(DateTimeOffset.UnixEpoch, i % 5, i % 5)).ToArray());
        await store.CorrectAsync(e => e.Level == 1, s => s.Set(e => e.Level, -0.0).Set(e => e.Drift, -0f), "constants");
        await store.CorrectAsync(e => e.Level == 2, s => s.Set(e => e.Level, e => -(e.Level - 2)).Set(e => e.Drift, e => e.Drift * -0f), "computed");
        await store.CorrectAsync("Level = 3", "Level = -0.0, Drift = -0.0", "SQL");
        await store.CorrectAsync("Level = 4", "Level = -(Level - 4), Drift = Drift * -0.0", "computed by SQL");
        OpenStore<Reading> parts = StoreInternals<Reading>.Of(store);
        using MaterialisedSegments segments = parts.Log.Segments(new LogRange(LogPosition.Zero, new LogPosition(100)));
        using DuckDbConnection connection = parts.DuckDb.Connect();
        using DuckDbResult zeros = connection.Query(
            $"SELECT count(*) FILTER (WHERE Level = 0 AND Drift = 0), count(*) FILTER (WHERE CAST(Level AS VARCHAR) LIKE '-%' OR CAST(Drift AS VARCHAR) LIKE '-%') FROM {segments.Source}");
        Assert.That(zeros.NextChunk(), Is.True);
        Assert.That((zeros.Column(0).Int64(0), zeros.Column(1).Int64(0)), Is.EqualTo((100L, 0L)));
    }

    private sealed record Reading(DateTimeOffset Time, double Level, float? Drift);

    private sealed record Totals(long Count, long NotNegative, long PositiveInverses, long NegativeInverses, double? Last);
}
