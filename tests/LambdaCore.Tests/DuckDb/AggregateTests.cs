using LambdaCore.DuckDb;
using NUnit.Framework;

namespace LambdaCore.Tests.DuckDb;

[TestFixture]
internal sealed class AggregateTests : DuckDbFixture
{
    private long statesBefore;

    [SetUp]
    public void CountStates() => statesBefore = AggregateCallbacks.LiveStates;

    [TearDown]
    public void Every_state_was_released()
    {
        Connection.Dispose();
        Assert.That(AggregateCallbacks.LiveStates, Is.EqualTo(statesBefore), "states created but never released");
    }

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
        [Values("Create", "Update")] string step, [Values(1, 5_000)] int groups)
    {
        Connection.Register(new Faulty(step));

        DuckDbException? error = Assert.Throws<DuckDbException>(
            () => Connection.Execute($"SELECT g, faulty(i) FROM (SELECT i, i % {groups} AS g FROM range(500000) t(i)) GROUP BY g"));

        Assert.That(error!.Message, Does.Contain("InvalidTimeZoneException: on purpose").And.Contain("faulty(i)"));
        Assert.That(Connection.Scalar<int>("SELECT 1"), Is.EqualTo(1), "the connection works on");
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

    private sealed class Sum
    {
        public Int128? Value { get; set; }
    }

    private sealed class Total() : DuckDbAggregate<Sum>("total", [DuckDbType.BigInt], DuckDbType.HugeInt)
    {
        protected internal override Sum Create() => new();

        protected override void Update(AggregateStates<Sum> states, ChunkReader rows)
        {
            VectorReader value = rows.Column(0);
            for (int row = 0; row < rows.RowCount; row++)
            {
                if (!value.IsNull(row))
                {
                    Sum sum = states[row];
                    sum.Value = (sum.Value ?? 0) + value.Int64(row);
                }
            }
        }

        protected override void Combine(Sum source, Sum target)
        {
            if (source.Value is { } value)
            {
                target.Value = (target.Value ?? 0) + value;
            }
        }

        protected override void Finish(Sum state, ref VectorWriter output, int row)
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

    private sealed class KindOf(DuckDbLogicalType type) : DuckDbAggregate<object>("kind", [type], DuckDbType.Varchar)
    {
        protected internal override object Create() => new();

        protected override void Update(AggregateStates<object> states, ChunkReader rows)
        {
            for (int row = 0; row < rows.RowCount; row++)
            {
                _ = states[row];
            }
        }

        protected override void Combine(object source, object target)
        {
        }

        protected override void Finish(object state, ref VectorWriter output, int row) => output.SetText(row, type.ToString());
    }

    private class Touching(string name) : DuckDbAggregate<object>(name, [DuckDbType.BigInt], DuckDbType.BigInt)
    {
        protected internal override object Create() => new();

        protected override void Update(AggregateStates<object> states, ChunkReader rows)
        {
            for (int row = 0; row < rows.RowCount; row++)
            {
                _ = states[row];
            }
        }

        protected override void Combine(object source, object target)
        {
        }

        protected override void Finish(object state, ref VectorWriter output, int row) => output.Set(row, 1L);
    }

    /// <summary>Throws in one step, but only after some work has been done.</summary>
    private sealed class Faulty(string failing) : Touching("faulty")
    {
        private int calls;

        protected internal override object Create()
        {
            Fail("Create", after: 0);
            return base.Create();
        }

        protected override void Update(AggregateStates<object> states, ChunkReader rows)
        {
            base.Update(states, rows);
            Fail("Update", after: 20);
        }

        protected override void Combine(object source, object target) => Fail("Combine", after: 0);

        protected override void Finish(object state, ref VectorWriter output, int row)
        {
            base.Finish(state, ref output, row);
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

    private sealed class Signalling(ManualResetEventSlim reached) : Touching("signalling")
    {
        protected override void Update(AggregateStates<object> states, ChunkReader rows)
        {
            base.Update(states, rows);
            reached.Set();
        }
    }
}
