using LambdaCore.DuckDb;
using LambdaCore.Log;
using LambdaCore.Tests.Tables;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Evolution;

/// <summary>
/// A store whose event type has changed is a Delta table with column mapping and type widening: a program that knows only the protocol reads it under the names and types
/// of now.
/// </summary>
[TestFixture]
[Category("Delta")]
internal sealed class EvolvedElsewhereTests
{
    private static readonly DateTimeOffset Noon = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);
    private string _folder = "";

    [SetUp]
    public void CreateFolder() => _folder = Directory.CreateTempSubdirectory("lambdacore-evolved-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task Renamed_widened_added_and_removed_columns_read_the_same_elsewhere()
    {
        First[] first = [.. Enumerable.Range(0, 40).Select(i => new First(
            Noon.AddSeconds(i), (byte)(255 - i), (ushort)(60000 + i), uint.MaxValue - (uint)i, ulong.MaxValue - (ulong)i, i, int.MinValue + i, i / 8f, long.MaxValue - i, $"u{i % 7}", i % 3 == 0 ? null : "gone", i))];
        await UseAsync(first);
        await (await OpenAsync<Between>()).DisposeAsync();
        Second[] second = [.. Enumerable.Range(0, 25).Select(i => new Second(
            Noon.AddMinutes(i), ulong.MaxValue, i / 3.0, ulong.MaxValue, 0.5m, long.MinValue, 1e300, i / 8m, $"v{i % 5}", i % 2 == 0 ? null : i, $"now a text {i}"))];
        await UseAsync(second);
        IReadOnlyList<string?[]> elsewhere = IndependentDeltaReader.Query(
            Path.Combine(_folder, "log"),
            """
            SELECT count(), toString(sum(Small)), toString(sum(Ratio)), toString(sum(Large)), toString(sum(Huge)), toString(min(Signed)), toString(max(Float)),
                toString(sum(Money)), uniqExact(Visitor), count(Removed), count(Extra), count(Changed), sum(Changed_27), count(DISTINCT _position)
            FROM {table}
            """);
        decimal huge = first.Sum(e => (decimal)e.Huge) + (second.Length * 0.5m);
        decimal money = first.Sum(e => (decimal)e.Money) + second.Sum(e => e.Money);
        Assert.That(elsewhere[0], Is.EqualTo(new[]
        {
            "65", $"{first.Sum(e => (decimal)e.Small) + second.Sum(e => (decimal)e.Small):0}", elsewhere[0][2], $"{first.Sum(e => (decimal)e.Large) + second.Sum(e => (decimal)e.Large):0}",
            huge.ToString("0.#########"), $"{long.MinValue}", "1e300", money.ToString("0.#########"), "12", $"{first.Count(e => e.Removed is not null)}", $"{second.Count(e => e.Extra is not null)}",
            $"{second.Length}", $"{first.Sum(e => e.Changed)}", "65",
        }));
        double ratio = first.Sum(e => (double)e.Ratio) + second.Sum(e => e.Ratio);
        Assert.That(double.Parse(elsewhere[0][2]!), Is.EqualTo(ratio).Within(1e-6));
    }

    [Test]
    public async Task Conditions_reach_the_files_of_each_shape()
    {
        await UseAsync<First>([new First(Noon, 1, 2, 3, 4, 5, 6, 7, 8, "a", "b", 9)]);
        await (await OpenAsync<Between>()).DisposeAsync();
        await UseAsync<Second>([new Second(Noon, 1, 2, 3, 4, 5, 6, 7, "a", 8, "b")]);
        await using LambdaStore<Second> store = await OpenAsync<Second>();
        OpenStore<Second> parts = StoreInternals<Second>.Of(store);
        using MaterialisedSegments held = parts.Log.Segments(new LogRange(LogPosition.Zero, store.SealedPosition));
        using DuckDbConnection connection = parts.DuckDb.Connect();
        using DuckDbResult result = connection.Query($"EXPLAIN SELECT count(*) FROM {held.Source} WHERE \"Visitor\" = 'a'");
        Assert.That(result.NextChunk(), Is.True);
        string plan = result.Column(1).Text(0);
        TestContext.Out.WriteLine(plan);
        Assert.That(plan.Split("User='a'"), Has.Length.EqualTo(3), "There are two scans, and the files have a name of their own for it.");
        Assert.That(plan, Does.Not.Contain("FILTER"));
    }

    [Test]
    public async Task Files_of_one_shape_are_read_as_they_are()
    {
        await UseAsync<First>([new First(Noon, 1, 2, 3, 4, 5, 6, 7, 8, "a", "b", 9)]);
        await using LambdaStore<First> store = await OpenAsync<First>();
        using MaterialisedSegments held = StoreInternals<First>.Of(store).Log.Segments(new LogRange(LogPosition.Zero, store.SealedPosition));
        Assert.That(held.Source, Does.StartWith("read_parquet(["));
    }

    private async Task UseAsync<T>(T[] events)
        where T : class
    {
        await using LambdaStore<T> store = await OpenAsync<T>();
        await store.AppendAsync(events);
        await store.RunBatchAsync();
    }

    private Task<LambdaStore<T>> OpenAsync<T>()
        where T : class
    {
        System.Linq.Expressions.ParameterExpression e = System.Linq.Expressions.Expression.Parameter(typeof(T), "e");
        return LambdaStore.OpenAsync<T>(_folder, o => o.EventTime(System.Linq.Expressions.Expression.Lambda<Func<T, DateTimeOffset>>(System.Linq.Expressions.Expression.Property(e, "At"), e)));
    }

    private sealed record First(
        DateTimeOffset At, byte Small, ushort Ratio, uint Large, ulong Huge, int Signed32, int Signed, float Float, long Money, string User, string? Removed, int Changed);

    private sealed record Between(DateTimeOffset At);

    private sealed record Second(
        DateTimeOffset At, ulong Small, double Ratio, ulong Large, decimal Huge, long Signed, double Float, decimal Money, [FormerName("User")] string Visitor, int? Extra, string? Changed);
}
