using System.Runtime.InteropServices;
using LambdaCore.Aggregates;
using LambdaCore.Batch;
using LambdaCore.DuckDb;
using LambdaCore.Tests.Values;
using LambdaCore.Values;
using LambdaCore.Views;
using NUnit.Framework;

namespace LambdaCore.Tests.Views;

/// <summary>What may be said of sessions, what is refused, and their SQL on events that are dense in time.</summary>
[TestFixture]
internal sealed class SessionDefinitionTests
{
    private static readonly TimeSpan Gap = TimeSpan.FromMinutes(30);

    private static ViewBuilder<Anything> Events => View.Of<Anything>("events");

    private static IEnumerable<TestCaseData> Refused()
    {
        TimeSpan half = TimeSpan.FromTicks(15);
        yield return Case("two sessions", () => Events.GroupBy(e => new { A = Window.Session(e.Time, Gap), B = Window.Session(e.Time, Gap) }), "no other session or window");
        yield return Case("a session and a window", () => Events.GroupBy(e => new { A = Window.Session(e.Time, Gap), B = Window.Hour(e.Time) }), "no other session or window");
        yield return Case("a gap of zero", () => Events.GroupBy(e => Window.Session(e.Time, TimeSpan.Zero)), "gap of 00:00:00");
        yield return Case("a negative gap", () => Events.GroupBy(e => Window.Session(e.Time, -Gap)), "positive whole number of microseconds");
        yield return Case("half a microsecond", () => Events.GroupBy(e => Window.Session(e.Time, half)), "positive whole number of microseconds");
        yield return Case("a gap of the event", () => Events.GroupBy(e => Window.Session(e.Time, e.Span)), "known when the view is defined");
        yield return Case("a time that may be missing", () => Events.GroupBy(e => Window.Session(e.TimeN!.Value, Gap)), "Give a default with ??");
        yield return Case("a time that may overflow", () => Events.GroupBy(e => Window.Session(e.Time.AddHours(1), Gap)), "Give a default with ??");
        yield return Case("part of a column", () => Events.GroupBy(e => Window.Session(e.Time, Gap).Hour), "column of the key by itself");
        yield return Case("a condition", () => Events.Where(e => Window.Session(e.Time, Gap) > DateTimeOffset.UnixEpoch), "column of the key by itself");
        yield return Case("an aggregate", () => Events.GroupBy(e => e.Text).Select(g => g.Max(e => Window.Session(e.Time, Gap))), "column of the key by itself");

        static TestCaseData Case(string name, Func<object> define, string advice) => new TestCaseData(define, advice).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Refused))]
    public void What_makes_no_sessions_is_refused_with_advice(Func<object> define, string advice) =>
        Assert.That(() => define(), Throws.TypeOf<ViewDefinitionException>().With.Message.Contains(advice).And.Message.StartsWith("View 'events': "));

    [Test]
    public void Called_for_a_time_alone_a_session_is_refused() =>
        Assert.That(() => Window.Session(DateTimeOffset.UnixEpoch, Gap), Throws.InvalidOperationException.With.Message.Contains("depends on the other events"));

    [Test]
    public void The_gap_is_part_of_what_a_view_means()
    {
        string[] meanings = [.. new[] { Gap, 2 * Gap }.Select(gap => Events.GroupBy(e => Window.Session(e.Time, gap)).Select(g => g.Count()).Plan.Fingerprint), Events.GroupBy(e => e.Time).Select(g => g.Count()).Plan.Fingerprint];
        Assert.That(meanings, Is.Unique);
    }

    [Test]
    public void The_columns_of_a_batch_view_have_names_of_their_own()
    {
        ViewPlan plan = Events.GroupBy(e => new { Start = Window.Session(e.Time, Gap), Start_Last = e.Text }).Select(g => new { start_last_2 = g.Count() }).Plan;
        Assert.That(plan.RowKeys.Select(k => k.Name), Is.EqualTo(new[] { "Start", "Start_Last", "Start_last_3" }));
    }

    [Test]
    public void An_explanation_tells_the_gap_and_where_the_end_is()
    {
        string explanation = Events.GroupBy(e => new { e.Text, Start = Window.Session(e.Time, Gap) }).Select(g => g.Count()).Explain();
        Assert.That(explanation, Does.Contain("key       Start: Timestamp, start of sessions with gaps of 00:30:00 (last event in Start_last) = epoch_us(\"Time\")").And.Contain("lag(\"event time\") OVER (PARTITION BY \"key Text\""));
    }

    [Test]
    public void On_dense_times_with_ties_the_SQL_gives_what_the_fold_gives([Values] bool withOtherColumns)
    {
        Random random = Seed.Random(out int seed);
        using DuckDbInstance instance = new(new DuckDbOptions());
        using DuckDbConnection connection = instance.Connect();
        for (int round = 0; round < 40; round++)
        {
            // Times on a grid of which the gap is a multiple or not, so that ties and distances of exactly the gap are frequent.
            long width = 1L << random.Next(3, 14);
            long step = random.Next(1, 4);
            TimeSpan gap = TimeSpan.FromMicroseconds(random.Next(1, 40));
            Moment[] events = [.. Enumerable.Range(0, random.Next(400)).Select(i => new Moment(UnixTime.ToDateTimeOffset((random.NextInt64(width) - (width / 2)) * step), random.Next(4), i))];
            StoredEvents.Create(connection, "events", events);
            ViewDefinition<Moment> view = withOtherColumns
                ? View.Of<Moment>("dense").Where(e => e.Number % 7 != 0).GroupBy(e => new { Start = Window.Session(e.At, gap), e.Group }).Select(g => new { N = g.Count(), Last = g.Latest(e => e.Number) })
                : View.Of<Moment>("dense").GroupBy(e => Window.Session(e.At, gap)).Select(g => g.Count());
            Dictionary<string, string> computed = [];
            StateRows.Visit(
                connection, SqlCompiler.SelectStates(view.Plan, "events", nameof(Moment.At)), view.Plan, (key, state) => computed.Add(Convert.ToHexString(key), Convert.ToHexString(state)), default);
            Assert.That(computed, Is.EquivalentTo(view.Accept(new Folder(events))), $"seed {seed}, round {round}");
        }
    }

    [Test]
    public void Sessions_of_more_events_than_fit_in_memory_are_computed_with_the_disk([Values(1, 100_000)] int keys)
    {
        string temporary = Directory.CreateTempSubdirectory("lambdacore-sessions-").FullName;
        try
        {
            using DuckDbInstance instance = new(new DuckDbOptions { TempDirectory = temporary, AllowedDirectories = [temporary], MemoryLimitBytes = 128 << 20, Threads = 2 });
            using DuckDbConnection connection = instance.Connect();

            // Every key has an event each ten seconds, but for a pause of half an hour after each hundred; about 400 MB in memory.
            connection.Execute($"CREATE TABLE events AS SELECT make_timestamptz((i // {keys}) * 10000000 + (i // {keys * 100L}) * 1800000000) AS \"At\", CAST(i % {keys} AS INTEGER) AS \"Group\", i AS \"Number\", i AS _position FROM range(4000000) r(i) ORDER BY hash(i)");
            ViewDefinition<Moment> view = View.Of<Moment>("large").GroupBy(e => new { e.Group, Start = Window.Session(e.At, Gap) }).Select(g => new { N = g.Count(), Last = g.Max(e => e.Number) });
            string sql = SqlCompiler.SelectStates(view.Plan, "events", nameof(Moment.At));
            Assert.That(connection.Scalar<long>($"SELECT count(*) FROM ({sql})"), Is.EqualTo(Math.Max(4_000_000 / 100, keys)));
            Assert.That((long)connection.Scalar<Int128>($"SELECT sum(\"N\") FROM ({sql})"), Is.EqualTo(4_000_000));
        }
        finally
        {
            Directory.Delete(temporary, recursive: true);
        }
    }

    private sealed record Moment(DateTimeOffset At, int Group, long Number);

    private sealed class Folder(Moment[] events) : IViewVisitor<Moment, Dictionary<string, string>>
    {
        public Dictionary<string, string> Visit<TKey, TResult, TRow>(ViewProgram<Moment, TKey, TResult, TRow> program)
            where TRow : struct, IState<TRow>
        {
            Dictionary<string, TRow> rows = [];
            ByteWriter writer = new();
            for (int i = 0; i < events.Length; i++)
            {
                if (program.Filter?.Invoke(events[i]) != false)
                {
                    writer.Clear();
                    program.WriteEventKey(events[i], writer);
                    ref TRow row = ref CollectionsMarshal.GetValueRefOrAddDefault(rows, Convert.ToHexString(writer.Written), out _);
                    program.Fold(events[i], new EventStamp(UnixTime.FromDateTimeOffset(events[i].At), i), ref row);
                }
            }

            return rows.ToDictionary(row => row.Key, row =>
            {
                writer.Clear();
                row.Value.Write(writer);
                return Convert.ToHexString(writer.Written);
            });
        }
    }
}
