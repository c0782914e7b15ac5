using LambdaCore.DuckDb;
using NUnit.Framework;

namespace LambdaCore.Tests.DuckDb;

[TestFixture]
internal sealed class ScalarFunctionTests : DuckDbFixture
{
    private static readonly DuckDbScalarFunction Reverse = new(
        "backwards", [DuckDbType.Varchar], DuckDbType.Varchar,
        (ChunkReader input, ref VectorWriter output) =>
        {
            VectorReader text = input.Column(0);
            for (int row = 0; row < input.RowCount; row++)
            {
                if (text.IsNull(row))
                {
                    output.SetNull(row);
                }
                else
                {
                    output.SetText(row, string.Concat(text.Text(row).Reverse()));
                }
            }
        });

    private static readonly DuckDbScalarFunction CountNulls = new(
        "nulls_of", [DuckDbType.BigInt, DuckDbType.Varchar], DuckDbType.Integer,
        (ChunkReader input, ref VectorWriter output) =>
        {
            VectorReader number = input.Column(0);
            VectorReader text = input.Column(1);
            for (int row = 0; row < input.RowCount; row++)
            {
                output.Set(row, (number.IsNull(row) ? 1 : 0) + (text.IsNull(row) ? 1 : 0));
            }
        });

    [Test]
    public void Computes_every_row_like_the_built_in()
    {
        Connection.Register(Reverse);

        Assert.That(
            Connection.Scalar<long>("SELECT count(*) FROM (SELECT 'text number ' || range AS t FROM range(100000)) WHERE backwards(t) = reverse(t)"),
            Is.EqualTo(100_000));
    }

    [Test]
    public void Sees_nulls_and_may_answer_with_null()
    {
        Connection.Register(Reverse, CountNulls);

        Assert.That(
            Rows("SELECT backwards(NULL), nulls_of(NULL, NULL), nulls_of(1, NULL), nulls_of(NULL, 'x'), backwards('')")[0],
            Is.EqualTo(new object?[] { null, 2, 1, 1, "" }));
        Assert.That(
            Connection.Scalar<long>("SELECT count(*) FROM (SELECT CASE WHEN range % 3 = 0 THEN NULL ELSE 'ab' END AS t FROM range(9999)) WHERE backwards(t) IS NULL"),
            Is.EqualTo(3333));
    }

    [Test]
    public void Works_in_filters_groups_and_over_dictionary_compressed_columns()
    {
        Connection.Register(Reverse);
        Connection.Execute($"COPY (SELECT 'type-' || (range % 7) AS kind FROM range(100000)) TO {Sql.Text(InStore("k.parquet"))}");

        Assert.That(
            Rows("SELECT backwards(kind), count(*) FROM read_parquet($1) WHERE backwards(kind) >= '3' GROUP BY ALL ORDER BY ALL", InStore("k.parquet")).Select(row => row[0]),
            Is.EqualTo(new[] { "3-epyt", "4-epyt", "5-epyt", "6-epyt" }));
    }

    [Test]
    public void Overloads_are_chosen_by_argument_type()
    {
        Connection.Register(Named(DuckDbType.BigInt), Named(DuckDbType.Varchar), Named(DuckDbType.Double));

        Assert.That(Rows("SELECT named(1::BIGINT), named('x'), named(1.5::DOUBLE)")[0], Is.EqualTo(new[] { "BigInt", "Varchar", "Double" }));

        static DuckDbScalarFunction Named(DuckDbLogicalType type) => new(
            "named", [type], DuckDbType.Varchar,
            (ChunkReader input, ref VectorWriter output) =>
            {
                for (int row = 0; row < input.RowCount; row++)
                {
                    output.SetText(row, type.ToString());
                }
            });
    }

    [Test]
    public void An_exception_becomes_an_error_with_its_type_and_message()
    {
        Connection.Register(new DuckDbScalarFunction(
            "failing", [DuckDbType.BigInt], DuckDbType.BigInt,
            (ChunkReader input, ref VectorWriter output) => throw new InvalidTimeZoneException("on purpose")));

        Assert.That(
            () => Connection.Execute("SELECT failing(range) FROM range(100000)"),
            Throws.TypeOf<DuckDbException>().With.Message.Contains("function failing: InvalidTimeZoneException: on purpose"));
        Assert.That(Connection.Scalar<int>("SELECT 1"), Is.EqualTo(1), "the connection works on");
    }

    [Test]
    public void The_later_of_two_with_the_same_name_and_parameters_counts()
    {
        Connection.Register(Constant(1));
        Connection.Register(Constant(2));

        Assert.That(Connection.Scalar<int>("SELECT constant(0::BIGINT)"), Is.EqualTo(2));

        static DuckDbScalarFunction Constant(int value) => new(
            "constant", [DuckDbType.BigInt], DuckDbType.Integer,
            (ChunkReader input, ref VectorWriter output) => output.Values<int>().Fill(value));
    }

    [Test]
    public void Is_known_on_every_connection()
    {
        Connection.Register(Reverse);
        using DuckDbConnection other = Instance.Connect();

        Assert.That(other.Scalar<string>("SELECT backwards('abc')"), Is.EqualTo("cba"));
    }
}
