using LambdaCore.Aggregates;
using LambdaCore.Batch;
using LambdaCore.DuckDb;
using LambdaCore.Tests.Aggregates;
using LambdaCore.Tests.DuckDb;
using LambdaCore.Tests.Values;
using LambdaCore.Values;
using LambdaCore.Views;
using NUnit.Framework;

namespace LambdaCore.Tests.Batch;

/// <summary>The SQL of every aggregate over every kind computes the very bytes that the fold computes.</summary>
[TestFixture]
internal sealed class AggregateSqlTests : DuckDbFixture
{
    private const int Events = 3_000;
    private const int Groups = 40;

    [TestCaseSource(typeof(RandomValue), nameof(RandomValue.Kinds))]
    public void Sql_and_fold_agree_to_the_byte(ValueKind kind)
    {
        Random random = new(Seed);
        AggregateSubject[] subjects = [.. AggregateSubject.Over(kind).Prepend(AggregateSubject.Of(AggregateFunctions.Count()))];
        CodeAggregates.Register(Connection, subjects.Select(s => s.Function));
        foreach (AggregateSubject subject in subjects)
        {
            Sample[] samples = Samples.Of(subject.Function, Events, random);
            int[] groups = [.. samples.Select(_ => random.Next(Groups) * random.Next(2))];
            bool[] kept = [.. samples.Select(_ => random.Next(4) > 0)];
            Fill(subject.Function, samples, groups, kept);
            Check(subject, "", samples, groups, [.. kept.Select(_ => true)]);
            Check(subject, "keep OR keep", samples, groups, kept);
            Check(subject, "g < 0", samples, groups, new bool[Events]);
        }
    }

    [TestCaseSource(typeof(RandomValue), nameof(RandomValue.Kinds))]
    public void Code_is_handed_the_same_values_and_stamps_by_sql_and_fold(ValueKind kind)
    {
        Random random = new(Seed);
        ValueKind other = RandomValue.Kinds[random.Next(RandomValue.Kinds.Length)];
        AggregateSubject[] subjects =
        [
            AggregateSubject.Of(Checksum.Of(new ScalarType(kind, false), 1)),
            AggregateSubject.Of(Checksum.Of(new ScalarType(kind, false), 2)),
            AggregateSubject.Of(Checksum.Of(new ScalarType(kind, true), 1)),
            AggregateSubject.Of(Checksum.Of(new ScalarType(kind, false), new ScalarType(other, true))),
            AggregateSubject.Of(Checksum.Of(new ScalarType(other, true), new ScalarType(kind, false))),
        ];
        Assert.That(subjects.Select(s => s.Function.Code!.SqlName), Is.Unique, "parameters, inputs and whether they may be missing all tell functions apart");
        CodeAggregates.Register(Connection, subjects.Select(s => s.Function));
        foreach (AggregateSubject subject in subjects)
        {
            Sample[] samples = Samples.Of(subject.Function, Events, random);
            int[] groups = [.. samples.Select(_ => random.Next(Groups))];
            bool[] kept = [.. samples.Select(_ => random.Next(4) > 0)];
            Fill(subject.Function, samples, groups, kept);
            Check(subject, "", samples, groups, [.. kept.Select(_ => true)]);
            Check(subject, "keep", samples, groups, kept);
        }
    }

    [Test]
    public void A_sketch_that_became_dense_in_sql_is_the_one_that_the_fold_makes()
    {
        AggregateSubject subject = AggregateSubject.Of(AggregateFunctions.ApproxDistinct(new ScalarType(ValueKind.Int64, false)));
        CodeAggregates.Register(Connection, [subject.Function]);
        Connection.Execute("CREATE TABLE t AS SELECT i // 300000 AS g, i * 7 AS v FROM range(600000) r(i)");

        foreach ((long group, byte[] state) in Read(subject, $"SELECT g, {Columns(subject, "")} FROM t GROUP BY g"))
        {
            byte[] expected = subject.Fold(Enumerable.Range((int)group * 300_000, 300_000).Select(i => new Sample(default, i * 7L)));
            Assert.That(state, Is.EqualTo(expected));
        }
    }

    [Test]
    public void States_that_threads_of_sql_merged_are_those_that_the_fold_makes()
    {
        const int Rows = 400_000;
        ScalarType numbers = new(ValueKind.Float64, false);
        AggregateFunction[] functions =
        [
            AggregateFunctions.Quantile(numbers, 0.5), AggregateFunctions.Histogram(numbers, [1, 10, 100]), AggregateFunctions.TopK(numbers, typeof(double), 3, 16), AggregateFunctions.TopK(numbers, typeof(double), 3, 9_000),
            AggregateFunctions.CountDistinct(numbers, 100, WhenExceeded.Approximate), AggregateFunctions.CountDistinct(numbers, 100_000, WhenExceeded.Fail), AggregateFunctions.FirstN(numbers, typeof(double), 9),
            AggregateFunctions.LastN(numbers, typeof(double), 9), AggregateFunctions.Spread("Variance", numbers, new SpreadMeasure(IsSample: true, IsRoot: false)),
        ];
        CodeAggregates.Register(Connection, functions);
        Connection.Execute($"CREATE TABLE t AS SELECT 1 AS g, CAST(i AS BIGINT) AS p, CAST((i * 7919) % 1000 AS BIGINT) AS t, sqrt((i * 104729) % 8000) AS v FROM range({Rows}) r(i)");
        Sample[] samples = [.. Enumerable.Range(0, Rows).Select(i => new Sample(new EventStamp(i * 7919L % 1000, i), Math.Sqrt(i * 104729L % 8000)))];
        foreach (AggregateSubject subject in functions.Select(AggregateSubject.Of))
        {
            byte[] state = Read(subject, $"SELECT g, {Columns(subject, "")} FROM t GROUP BY g")[0].State;
            Assert.That(state, subject.Like(subject.Fold(samples)), $"{subject}");
        }
    }

    [Test]
    public void No_negative_zero_gets_into_a_batch_view([Values(ValueKind.Float32, ValueKind.Float64)] ValueKind kind)
    {
        ScalarType input = new(kind, false);
        Connection.Execute($"CREATE TABLE t AS SELECT CAST('-0' AS {StoredType.Sql(kind)}) AS v, 1::BIGINT AS t, 1::BIGINT AS p");
        Assert.That(Connection.Scalar<bool>("SELECT signbit(v) FROM t"), "the input is one");
        foreach (AggregateFunction function in (AggregateFunction[])[AggregateFunctions.Min(input), AggregateFunctions.Max(input), AggregateFunctions.Earliest(input), AggregateFunctions.Latest(input)])
        {
            string sql = function.Columns[^1].Sql(new StateOperands(["v"], "", "t", "p"));
            Assert.That(Connection.Scalar<bool>($"SELECT signbit({sql}) FROM t"), Is.False, sql);
            Assert.That(Connection.Scalar<bool>($"SELECT typeof({sql}) = '{StoredType.Sql(kind)}' FROM t"), sql);
        }
    }

    [Test]
    public void Floating_point_sums_agree_within_rounding()
    {
        Random random = new(Seed);
        AggregateSubject subject = AggregateSubject.Of(AggregateFunctions.Sum(new ScalarType(ValueKind.Float64, false)));
        Sample[] samples = [.. Enumerable.Range(0, Events).Select(i => new Sample(new EventStamp(0, i), (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(20))))];
        Fill(subject.Function, samples, new int[Events], new bool[Events]);

        byte[] state = Read(subject, $"SELECT g, {Columns(subject, "")} FROM events GROUP BY g")[0].State;

        double magnitude = samples.Sum(s => Math.Abs((double)s.Value!));
        Assert.That((double)subject.Result(state)!, Is.EqualTo((double)subject.Result(subject.Fold(samples))!).Within(magnitude * Events * double.BitIncrement(1) * 1e-16), $"seed {Seed}");
    }

    private void Check(AggregateSubject subject, string predicate, Sample[] samples, int[] groups, bool[] kept)
    {
        List<(long Group, byte[] State)> states = Read(subject, $"SELECT g, {Columns(subject, predicate)} FROM events GROUP BY g");
        Assert.That(states, Has.Count.EqualTo(groups.Distinct().Count()));
        foreach ((long group, byte[] state) in states)
        {
            byte[] expected = subject.Fold(samples.Where((_, i) => groups[i] == group && kept[i]));
            Assert.That(state, subject.Like(expected), $"{subject}, predicate '{predicate}', group {group}, seed {Seed}");
        }
    }

    private static string Columns(AggregateSubject subject, string predicate)
    {
        StateOperands operands = new([.. subject.Function.Inputs.Select((_, i) => i == 0 ? "v" : "w")], predicate, "t", "p");
        return string.Join(", ", subject.Function.Columns.Select(c => c.Sql(in operands)));
    }

    private List<(long Group, byte[] State)> Read(AggregateSubject subject, string sql)
    {
        List<(long, byte[])> states = [];
        ByteWriter writer = new();
        using DuckDbResult result = Connection.Query(sql);
        while (result.NextChunk())
        {
            for (int row = 0; row < result.RowCount; row++)
            {
                writer.Clear();
                for (int column = 0; column < subject.Function.Columns.Count; column++)
                {
                    VectorReader vector = result.Column(column + 1);
                    ColumnTranscoder.WriteState(subject.Function.Columns[column].Type, in vector, row, writer);
                }

                VectorReader group = result.Column(0);
                states.Add(((long)group.Int128(row), writer.Written.ToArray()));
            }
        }

        return states;
    }

    private void Fill(AggregateFunction function, Sample[] samples, int[] groups, bool[] kept)
    {
        string[] types = [.. function.Inputs.Select(i => SqlKind.TypeName(i.Kind)), "INTEGER", "INTEGER"];
        Connection.Execute($"CREATE OR REPLACE TABLE events (g INTEGER, t BIGINT, p BIGINT, keep BOOLEAN, v {types[0]}, w {types[1]})");
        using DuckDbAppender appender = Connection.Append("events");
        for (int start = 0; start < samples.Length; start += DuckDbAppender.Capacity)
        {
            int count = Math.Min(DuckDbAppender.Capacity, samples.Length - start);
            VectorWriter group = appender.Column(0);
            VectorWriter time = appender.Column(1);
            VectorWriter position = appender.Column(2);
            VectorWriter keep = appender.Column(3);
            VectorWriter value = appender.Column(4);
            VectorWriter second = appender.Column(5);
            for (int row = 0; row < count; row++)
            {
                group.Set(row, groups[start + row]);
                time.Set(row, samples[start + row].Stamp.Microseconds);
                position.Set(row, samples[start + row].Stamp.Position.Value);
                keep.Set(row, kept[start + row] ? (byte)1 : (byte)0);
                StoredValue.Write(ref value, row, samples[start + row].Value);
                StoredValue.Write(ref second, row, samples[start + row].Second);
            }

            appender.AppendChunk(count);
        }

        appender.Complete();
    }
}
