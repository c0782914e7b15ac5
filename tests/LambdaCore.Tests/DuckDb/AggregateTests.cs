using LambdaCore.DuckDb;
using NUnit.Framework;

namespace LambdaCore.Tests.DuckDb;

[TestFixture]
internal sealed class AggregateTests : DuckDbFixture
{
    [TearDown]
    public void Every_state_was_released()
        => Assert.That(StateSlab.LiveStates, Is.Zero, "states created but never released");

    [Test]
    public void Sums_like_the_built_in_for_random_groups_on_two_threads([Values(1, 7, 2_000, 60_000)] int groups)
    {
        Connection.Register(new Total());
        Connection.Execute($"SELECT setseed({(Seed % 1000) / 1000.0:R})");
        Connection.Execute(
            $"""
            CREATE TABLE data AS SELECT (random() * {groups})::BIGINT AS k,
                CASE WHEN random() < 0.1 THEN NULL ELSE (random() * 1e12)::BIGINT END AS v FROM range(300000)
            """);

        long differing = Connection.Scalar<long>(
            "SELECT count(*) FROM (SELECT k, total(v) AS ours, sum(v) AS theirs FROM data GROUP BY k) WHERE ours IS DISTINCT FROM theirs");

        Assert.That(differing, Is.Zero, $"seed {Seed}");
    }

    [Test]
    public void Sums_without_groups_with_filter_and_distinct()
    {
        Connection.Register(new Total());

        Assert.That(
            Rows("SELECT total(i), total(i) FILTER (WHERE i % 2 = 0), total(DISTINCT i % 10) FROM range(100000) t(i)")[0],
            Is.EqualTo(new object[] { (Int128)4999950000, (Int128)2499950000, (Int128)45 }));
    }

    [Test]
    public void An_empty_input_is_finished_from_a_fresh_state()
    {
        Connection.Register(new Total());

        Assert.That(Rows("SELECT total(i) FROM range(0) t(i)")[0][0], Is.Null);
    }

    [Test]
    public void Overloads_are_chosen_by_argument_type()
    {
        Connection.Register(
            new KindOf(DuckDbType.Varchar), new KindOf(DuckDbType.Blob), new KindOf(DuckDbType.BigInt), new KindOf(DuckDbType.Double),
            new KindOf(DuckDbType.HugeInt), new KindOf(DuckDbLogicalType.Decimal(38, 9)));

        Assert.That(
            Rows("SELECT kind('x'), kind('x'::BLOB), kind(1::BIGINT), kind(1.5::DOUBLE), kind(1::HUGEINT), kind(1::DECIMAL(38,9))")[0],
            Is.EqualTo(new object[] { "Varchar", "Blob", "BigInt", "Double", "HugeInt", "Decimal(38,9)" }));
    }

    [Test]
    public void An_exception_in_any_step_becomes_an_error_and_leaks_nothing(
        [Values("Update", "Combine", "Finish")] string step, [Values(1, 5_000)] int groups)
    {
        Connection.Register(new Faulty(step));

        DuckDbException? error = Assert.Throws<DuckDbException>(
            () => Connection.Execute($"SELECT g, faulty(i) FROM (SELECT i, i % {groups} AS g FROM range(500000) t(i)) GROUP BY g"));

        Assert.That(error!.Message, Does.Contain("InvalidTimeZoneException: on purpose").And.Contain("faulty(i)"));
        Assert.That(Connection.Scalar<int>("SELECT 1"), Is.EqualTo(1), "the connection works on");
    }

    [Test]
    public void A_result_that_is_not_read_to_its_end_leaks_nothing()
    {
        Connection.Register(new Total());
        using (DuckDbResult result = Connection.Query("SELECT i % 300000 AS g, total(i) FROM range(1000000) t(i) GROUP BY g"))
        {
            Assert.That(result.NextChunk(), Is.True);
            Assert.That(StateSlab.LiveStates, Is.GreaterThan(0), "the query is under way");
        }

        Assert.That(StateSlab.LiveStates, Is.Zero);
        Assert.That(Rows("SELECT count(*) FROM (SELECT i % 300000 AS g, total(i) FROM range(1000000) t(i) GROUP BY g LIMIT 10)")[0][0], Is.EqualTo(10));
    }

    [Test]
    public void A_failed_query_does_not_disturb_the_states_of_another_that_still_runs()
    {
        Connection.Register(new Total(), new Faulty("Finish"));
        using DuckDbConnection other = Instance.Connect();
        long sum = 0;
        long groups = 0;
        using (DuckDbResult result = Connection.Query("SELECT i % 300000 AS g, total(i) FROM range(1000000) t(i) GROUP BY g"))
        {
            while (result.NextChunk())
            {
                if (groups == 0)
                {
                    Assert.That(() => other.Execute("SELECT faulty(i) FROM range(1000) t(i)"), Throws.TypeOf<DuckDbException>());
                    other.Execute("CREATE TABLE noise AS SELECT i % 50000 AS g, total(i) FROM range(100000) t(i) GROUP BY g");
                }

                groups += result.RowCount;
                for (int row = 0; row < result.RowCount; row++)
                {
                    sum += (long)result.Column(1).Int128(row);
                }
            }
        }

        Assert.That((groups, sum), Is.EqualTo((300_000L, 499_999_500_000L)));
    }

    [Test]
    public void States_are_released_when_the_query_is_interrupted()
    {
        using ManualResetEventSlim reached = new();
        Connection.Register(new Signalling(reached));
        Task interruption = Task.Run(() =>
        {
            reached.Wait();
            Connection.Interrupt();
        });

        Assert.That(
            () => Connection.Execute("SELECT g, signalling(g) FROM (SELECT (a.range * 7919 + b.range) % 100000 AS g FROM range(1000000) a, range(100000) b) GROUP BY g"),
            Throws.TypeOf<DuckDbException>().With.Property("ErrorType").EqualTo("INTERRUPT"));
        interruption.Wait();
    }

    private struct Sum
    {
        public Int128? Value;
    }

    private sealed class Total() : DuckDbAggregate<Sum>("total", [DuckDbType.BigInt], DuckDbType.HugeInt)
    {
        protected internal override void Update(AggregateStates<Sum> states, ChunkReader rows)
        {
            VectorReader value = rows.Column(0);
            for (int row = 0; row < rows.RowCount; row++)
            {
                if (!value.IsNull(row))
                {
                    ref Sum sum = ref states[row];
                    sum.Value = (sum.Value ?? 0) + value.Int64(row);
                }
            }
        }

        protected internal override void Combine(in Sum source, ref Sum target)
        {
            if (source.Value is { } value)
            {
                target.Value = (target.Value ?? 0) + value;
            }
        }

        protected internal override void Finish(in Sum state, ref VectorWriter output, int row)
        {
            if (state.Value is { } value)
            {
                output.Set(row, value);
            }
            else
            {
                output.SetNull(row);
            }
        }
    }

    /// <summary>Creates a state per group and keeps nothing in it.</summary>
    private class Touching(string name, DuckDbLogicalType type, DuckDbLogicalType returns) : DuckDbAggregate<int>(name, [type], returns)
    {
        protected internal override void Update(AggregateStates<int> states, ChunkReader rows)
        {
            for (int row = 0; row < rows.RowCount; row++)
            {
                _ = states[row];
            }
        }

        protected internal override void Combine(in int source, ref int target)
        {
        }

        protected internal override void Finish(in int state, ref VectorWriter output, int row) => output.Set(row, 1L);
    }

    private sealed class KindOf(DuckDbLogicalType type) : Touching("kind", type, DuckDbType.Varchar)
    {
        protected internal override void Finish(in int state, ref VectorWriter output, int row) => output.SetText(row, $"{Parameters[0]}");
    }

    /// <summary>Throws in one step, in its later calls.</summary>
    private sealed class Faulty(string failing) : Touching("faulty", DuckDbType.BigInt, DuckDbType.BigInt)
    {
        private int calls;

        protected internal override void Update(AggregateStates<int> states, ChunkReader rows)
        {
            base.Update(states, rows);
            Fail("Update", after: 20);
        }

        protected internal override void Combine(in int source, ref int target) => Fail("Combine", after: 0);

        protected internal override void Finish(in int state, ref VectorWriter output, int row)
        {
            base.Finish(in state, ref output, row);
            Fail("Finish", after: 0);
        }

        private void Fail(string step, int after)
        {
            if (step == failing && Interlocked.Increment(ref calls) > after)
            {
                throw new InvalidTimeZoneException("on purpose");
            }
        }
    }

    private sealed class Signalling(ManualResetEventSlim reached) : Touching("signalling", DuckDbType.BigInt, DuckDbType.BigInt)
    {
        protected internal override void Update(AggregateStates<int> states, ChunkReader rows)
        {
            base.Update(states, rows);
            reached.Set();
        }
    }
}
