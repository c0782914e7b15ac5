using LambdaCore.Tables;
using LambdaCore.Tests.EndToEnd.Model;
using LambdaCore.Tests.Tables;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>
/// The tables of a real store, read by a program that knows only the Delta protocol: the master dataset with every type of property,
/// and batch views, whose keys stand in several files, each with a part of their states.
/// </summary>
[TestFixture]
[Category("Delta")]
internal sealed class IndependentReaderTests
{
    private const int Events = 3000;

    private static readonly ViewDefinition<AnyEvent, HourKey, HourStats> Hourly = View.Of<AnyEvent>("hourly")
        .GroupBy(e => new HourKey(Window.Hour(e.At), e.Category))
        .Select(g => new HourStats(g.Count(), g.ApproxDistinct(e => e.Text), g.Average(e => e.AmountMaybe), g.Sum(e => e.Amount)));

    private static readonly ViewDefinition<AnyEvent, int, Extremes> BySmall = View.Of<AnyEvent>("by_small").GroupBy(e => e.Small)
        .Select(g => new Extremes(g.Count(), g.Sum(e => e.Money), g.Sum(e => e.Int32), g.Max(e => e.UInt64), g.Min(e => e.TextMaybe), g.Latest(e => e.Stage)));

    [Test]
    public async Task Master_dataset_and_batch_views_have_equal_rows_and_sums_elsewhere()
    {
        Random random = Seed.Random(out _);
        AnyEvent[] events = new AnyEventSource(random, nastyPercent: 0).Next(Events);
        string folder = Directory.CreateTempSubdirectory("lambdacore-delta-").FullName;
        try
        {
            await using LambdaStore<AnyEvent> store = await LambdaStore.OpenAsync<AnyEvent>(folder, o => o.EventTime(e => e.At).AddView(Hourly).AddView(BySmall));
            foreach (AnyEvent[] part in new[] { events[..2000], events[2000..2900], events[2900..2920], events[2920..] })
            {
                await store.AppendAsync(part);
                await store.RunBatchAsync();
            }

            Assert.That((await store.Query(Hourly).ExecuteAsync()).Receipt.Layers, Has.Count.GreaterThan(2), "The states of a key stand in several files.");

            IReadOnlyList<IReadOnlyList<string?[]>> elsewhere = IndependentDeltaReader.Query(
                (Path.Combine(folder, "log"),
                    """
                    SELECT count(), sum(_position), sum(Sequence), sum(Int8), sum(UInt8), sum(Int16), sum(UInt16), sum(Int32), sum(UInt32), sum(Int64), toString(sum(UInt64)), toString(sum(Money)),
                        count(Int32Maybe), ifNull(sum(Int32Maybe), 0), count(MoneyMaybe), count(TextMaybe), uniqExact(Text), uniqExact(Id), countIf(Flag), count(FlagMaybe), count(MomentMaybe), count(DayMaybe),
                        uniqExact(Day), sum(Stage), ifNull(sum(SpanMaybe), 0), sum(length(Payload)), count(PayloadMaybe), toInt64(round(sum(Amount))), toInt64(round(sum(Float32 * 4)))
                    FROM {table}
                    """),
                (Path.Combine(folder, "views", ViewFolder.NameOf("hourly")), "SELECT uniqExact((Hour, Category)), uniqExact(Category), uniqExact(Hour), sum(Events), sum(Average_count), toInt64(round(sum(Total))) FROM {table}"),
                (Path.Combine(folder, "views", ViewFolder.NameOf("by_small")), "SELECT count(), sum(Small), sum(N), toString(sum(Integers)), toString(max(Most)), count(Least) FROM (SELECT Small, sum(N) AS N, sum(Integers) AS Integers, max(Most) AS Most, min(Least) AS Least FROM {table} GROUP BY Small)"));
            Assert.Multiple(() =>
            {
                Assert.That(elsewhere[0][0], Is.EqualTo(OfMaster(events)));
                Assert.That(elsewhere[1][0], Is.EqualTo(OfHourly(events)));
                Assert.That(elsewhere[2][0], Is.EqualTo(OfBySmall(events)));
            });
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string[] OfMaster(AnyEvent[] e) => Texts(
        e.Length, e.Length * (e.Length - 1L) / 2, e.Sum(x => x.Sequence), e.Sum(x => (long)x.Int8), e.Sum(x => (long)x.UInt8), e.Sum(x => (long)x.Int16), e.Sum(x => (long)x.UInt16),
        e.Sum(x => (long)x.Int32), e.Sum(x => (long)x.UInt32), e.Sum(x => x.Int64), e.Sum(x => (decimal)x.UInt64), e.Sum(x => x.Money) / 1.000000000000m,
        e.Count(x => x.Int32Maybe is not null), e.Sum(x => (long?)x.Int32Maybe ?? 0), e.Count(x => x.MoneyMaybe is not null), e.Count(x => x.TextMaybe is not null),
        e.DistinctBy(x => x.Text).Count(), e.DistinctBy(x => x.Id).Count(), e.Count(x => x.Flag), e.Count(x => x.FlagMaybe is not null), e.Count(x => x.MomentMaybe is not null), e.Count(x => x.DayMaybe is not null),
        e.DistinctBy(x => x.Day).Count(), e.Sum(x => (long)x.Stage), e.Sum(x => x.SpanMaybe?.Ticks ?? 0), e.Sum(x => (long)x.Payload.Length), e.Count(x => x.PayloadMaybe is not null),
        (long)Math.Round(e.Sum(x => x.Amount)), (long)e.Sum(x => x.Float32 * 4.0));

    private static string[] OfHourly(AnyEvent[] e) => Texts(
        e.DistinctBy(x => (Window.Hour(x.At), x.Category)).Count(), e.DistinctBy(x => x.Category).Count(), e.DistinctBy(x => Window.Hour(x.At)).Count(), e.Length, e.Count(x => x.AmountMaybe is not null),
        (long)Math.Round(e.Sum(x => x.Amount)));

    private static string[] OfBySmall(AnyEvent[] e) => Texts(
        e.DistinctBy(x => x.Small).Count(), e.DistinctBy(x => x.Small).Sum(x => (long)x.Small), e.Length, e.Sum(x => (long)x.Int32), e.Max(x => x.UInt64),
        e.GroupBy(x => x.Small).Count(g => g.Any(x => x.TextMaybe is not null)));

    private static string[] Texts(params object[] values) => [.. values.Select(v => v is decimal number ? number.ToString("0.#########") : $"{v}")];

    private readonly record struct Extremes(long N, decimal Money, long Integers, ulong Most, string? Least, Stage Newest);
}
