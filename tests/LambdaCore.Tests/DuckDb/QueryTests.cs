using LambdaCore.DuckDb;
using NUnit.Framework;

namespace LambdaCore.Tests.DuckDb;

[TestFixture]
internal sealed class QueryTests : DuckDbFixture
{
    [Test]
    public void A_streamed_result_gives_every_row_in_bounded_memory()
    {
        const int rows = 5_000_000;
        long sum = 0;
        long count = 0;
        long residentBefore = -1;
        long residentPeak = 0;
        using DuckDbResult result = Connection.Query("SELECT range AS i, 'row number ' || range AS text FROM range($1)", rows);
        while (result.NextChunk())
        {
            foreach (long value in result.Column(0).Values<long>())
            {
                sum += value;
            }

            count += result.RowCount;
            if (count % (2048 * 100) == 0)
            {
                long resident = Environment.WorkingSet;
                residentBefore = residentBefore < 0 ? resident : residentBefore;
                residentPeak = Math.Max(residentPeak, resident);
            }
        }

        Assert.That(count, Is.EqualTo(rows));
        Assert.That(sum, Is.EqualTo((long)rows * (rows - 1) / 2));
        // Materialized, these rows would take about 170 MB.
        Assert.That(residentPeak - residentBefore, Is.LessThan(60_000_000));
    }

    [Test]
    public void Parameters_arrive_with_their_type_and_value()
    {
        DateTimeOffset time = new(1969, 7, 20, 20, 17, 40, 123, 456, TimeSpan.FromHours(-4));
        object?[] row = Rows(
            "SELECT $1::INTEGER, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13",
            null, true, -5, long.MinValue, ulong.MaxValue, Int128.MinValue + 1, 1.5f, Math.PI, "a\0é😀", Array.Empty<byte>(), time,
            new DateOnly(2024, 2, 29), -79228162514264337593543950335m)[0];

        Assert.That(row, Is.EqualTo(new object?[]
        {
            null, true, -5, long.MinValue, ulong.MaxValue, Int128.MinValue + 1, 1.5f, Math.PI, "a\0é😀", Array.Empty<byte>(),
            (time - DateTimeOffset.UnixEpoch).Ticks / 10, 19782, Int128.Parse("-79228162514264337593543950335"),
        }));
        Assert.That(Rows("SELECT typeof($1), $1::VARCHAR, typeof($2), $2::VARCHAR", -12.3450m, time)[0],
            Is.EqualTo(new[] { "DECIMAL(38,4)", "-12.3450", "TIMESTAMP WITH TIME ZONE", "1969-07-21 00:17:40.123456+00" }));
        Assert.That(Rows("SELECT $1::VARCHAR", "")[0][0], Is.EqualTo(""));
    }

    [Test]
    public void The_wrong_number_of_parameters_is_refused()
        => Assert.That(() => Connection.Query("SELECT $1", 1, 2), Throws.ArgumentException.With.Message.Contains("1 parameters"));

    [Test]
    public void Errors_carry_their_type_and_the_sql([Values] bool prepared)
    {
        string sql = "SELECT nothing_of_this_name FROM range(3)" + new string(' ', 600);
        DuckDbException error = prepared
            ? Assert.Throws<DuckDbException>(() => Connection.Query(sql).Dispose())!
            : Assert.Throws<DuckDbException>(() => Connection.Execute(sql))!;

        Assert.That(error.ErrorType, Is.EqualTo("Binder"));
        Assert.That(error.Sql, Does.StartWith("SELECT nothing_of_this_name").And.Length.EqualTo(501));
        Assert.That(error.Message, Does.Contain("SELECT nothing_of_this_name"));
    }

    [Test]
    public void An_error_in_the_middle_of_a_stream_is_thrown_there()
    {
        using DuckDbResult result = Connection.Query(
            "SELECT CASE WHEN range < 1000000 THEN 1 ELSE error('too far') END FROM range(2000000)");

        Assert.That(result.NextChunk(), Is.True);
        DuckDbException error = Assert.Throws<DuckDbException>(() =>
        {
            while (result.NextChunk())
            {
            }
        })!;
        Assert.That(error.Message, Does.Contain("too far").And.Contain("range(2000000)"));
    }

    [Test]
    public void An_interrupt_stops_a_running_query()
    {
        using CancellationTokenSource done = new();
        // The interrupt may come before the statement has begun, when it has no effect: so it is repeated.
        Task interruption = Task.Run(async () =>
        {
            while (!done.IsCancellationRequested)
            {
                Connection.Interrupt();
                await Task.Delay(5);
            }
        });

        DuckDbException error = Assert.Throws<DuckDbException>(
            () => Connection.Execute("SELECT sum(a.range * b.range) FROM range(10000000) a, range(1000000) b"))!;
        done.Cancel();
        interruption.Wait();

        Assert.That(error.IsInterrupt, Is.True, error.Message);
        Assert.That(Connection.Scalar<int>("SELECT 7"), Is.EqualTo(7), "the connection works on");
        Assert.That(Instance.IsInvalidated, Is.False);
    }

    [Test]
    public void Execute_runs_several_statements_and_counts_the_rows_of_the_last()
        => Assert.That(Connection.Execute("CREATE TABLE t(i INT); INSERT INTO t SELECT range FROM range(7)"), Is.EqualTo(7));

    [Test]
    public void Sql_with_a_nul_character_is_refused_instead_of_cut()
        => Assert.That(() => Connection.Execute("SELECT 1 \0 garbage"), Throws.ArgumentException);

    [Test]
    public void Reading_without_a_current_chunk_is_refused()
    {
        using DuckDbResult result = Connection.Query("SELECT 1 WHERE false");

        Assert.That(() => result.Column(0).Int32(0), Throws.InvalidOperationException);
        Assert.That(result.NextChunk(), Is.False);
        Assert.That(() => result.Column(0).Int32(0), Throws.InvalidOperationException);
    }

    [Test]
    public void Of_two_results_on_one_connection_the_later_lives()
    {
        const string sql = "SELECT range FROM range(1000000)";
        DuckDbResult first = Connection.Query(sql);
        Assert.That(first.NextChunk(), Is.True);
        using DuckDbResult second = Connection.Query(sql);

        Assert.That(() => { while (first.NextChunk()) { } }, Throws.TypeOf<DuckDbException>());
        first.Dispose();
        long rows = 0;
        while (second.NextChunk())
        {
            rows += second.RowCount;
        }

        Assert.That(rows, Is.EqualTo(1_000_000));
    }

    [Test]
    public void Reading_a_column_in_the_wrong_size_is_refused()
    {
        using DuckDbResult result = Connection.Query("SELECT 1::INTEGER AS one");

        Assert.That(result.NextChunk(), Is.True);
        Assert.That(result.ColumnName(0), Is.EqualTo("one"));
        Assert.That(() => result.Column(0).Int64(0), Throws.InvalidOperationException.With.Message.Contains("Integer"));
    }

    [Test]
    public void A_fatal_report_marks_the_instance_as_invalidated()
    {
        Assert.That(Instance.IsInvalidated, Is.False);
        DuckDbException error = Instance.Fail("FATAL Error: Failed: database has been invalidated", "SELECT 1");

        Assert.That(error.InvalidatesInstance, Is.True);
        Assert.That(Instance.IsInvalidated, Is.True);
    }

    [Test]
    public void Times_are_shown_in_utc()
        => Assert.That(Connection.Scalar<string>("SELECT current_setting('TimeZone')"), Is.EqualTo("UTC"));
}
