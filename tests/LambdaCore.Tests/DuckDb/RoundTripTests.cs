using LambdaCore.DuckDb;
using NUnit.Framework;

namespace LambdaCore.Tests.DuckDb;

[TestFixture]
internal sealed class RoundTripTests : DuckDbFixture
{
    // A timestamp's infinities are the ends of the number range; the finite ones end one before.
    private static readonly long[] Instants =
        [long.MaxValue, -long.MaxValue, long.MaxValue - 1, -9223372022400000000, 0, -1, 1_700_000_000_123_456];

    private static readonly Int128 Wide = Int128.Parse("31622776601683793319988935444327");

    private static IEnumerable<TestCaseData> FixedTypes()
    {
        yield return Case<bool>("BOOLEAN", true, false);
        yield return Case<sbyte>("TINYINT", sbyte.MinValue, 0, sbyte.MaxValue);
        yield return Case<short>("SMALLINT", short.MinValue, 0, short.MaxValue);
        yield return Case<int>("INTEGER", int.MinValue, 0, int.MaxValue);
        yield return Case<long>("BIGINT", long.MinValue, 0, long.MaxValue);
        yield return Case<byte>("UTINYINT", 0, byte.MaxValue);
        yield return Case<ushort>("USMALLINT", 0, ushort.MaxValue);
        yield return Case<uint>("UINTEGER", 0, uint.MaxValue);
        yield return Case<ulong>("UBIGINT", 0, ulong.MaxValue);
        yield return Case<float>("FLOAT", float.MinValue, -0f, float.Epsilon, float.NaN, float.PositiveInfinity);
        yield return Case<double>("DOUBLE", double.MinValue, -0d, double.Epsilon, double.NaN, double.NegativeInfinity);
        yield return Case<Int128>("HUGEINT", Int128.MinValue, Int128.MaxValue, -1, 0, (Int128)long.MinValue - 1, (Int128)ulong.MaxValue + 1);
        yield return Case<UInt128>("UHUGEINT", UInt128.MinValue, UInt128.MaxValue, (UInt128)ulong.MaxValue + 1);
        yield return Case<UInt128>("UUID", UInt128.MinValue, UInt128.MaxValue, 12345);
        yield return Case<int>("DATE", int.MaxValue, -int.MaxValue, 0, -719528);
        yield return Case<long>("TIME", 0, 86_399_999_999);
        yield return Case<long>("TIMESTAMP", Instants);
        yield return Case<long>("TIMESTAMPTZ", Instants);
        yield return Case<long>("TIMESTAMP_S", 0, -1, 1_700_000_000);
        yield return Case<long>("TIMESTAMP_MS", 0, -1, 1_700_000_000_123);
        yield return Case<long>("TIMESTAMP_NS", 0, -1, 1_700_000_000_123_456_789);
        yield return Case<Int128>("DECIMAL(4,1)", 9999, -9999, 0, 1);
        yield return Case<Int128>("DECIMAL(9,2)", 999_999_999, -999_999_999, 0, -1);
        yield return Case<Int128>("DECIMAL(18,9)", 999_999_999_999_999_999, -999_999_999_999_999_999, 0);
        yield return Case<Int128>("DECIMAL(38,0)", (Int128.One << 126) - 1, -(Int128.One << 126), 0, -1);
        yield return Case<Int128>("DECIMAL(38,38)", 1, -1);

        static TestCaseData Case<T>(string type, params T[] values)
            where T : unmanaged => new TestCaseData(type, values.Cast<object>().ToArray()).SetArgDisplayNames(type);
    }

    [TestCaseSource(nameof(FixedTypes))]
    public void Values_of_fixed_size_come_back_bit_by_bit(string type, object[] values)
    {
        List<object?> expected = RandomRows(row => values[row % values.Length]);

        Assert.That(Roundtrip(type, expected), Is.EqualTo(expected), $"seed {Seed}");
    }

    [Test]
    public void Texts_come_back_around_the_inline_limit_and_with_any_character()
    {
        List<object?> expected = RandomRows(row => row switch
        {
            < 40 => new string('x', row),
            40 => "embedded\0nul and more",
            41 => "\0",
            42 => "é😀\u0301 ẞ",
            43 => string.Concat(Enumerable.Repeat("😀", 100_000)),
            _ => "v" + (row * 7919 % 100_000_000),
        });

        Assert.That(Roundtrip("VARCHAR", expected), Is.EqualTo(expected), $"seed {Seed}");
    }

    [Test]
    public void Blobs_come_back_around_the_inline_limit_and_big()
    {
        Random random = new(Seed);
        List<object?> expected = RandomRows(row =>
        {
            byte[] blob = new byte[row == 77 ? 20_000_000 : row % 30];
            random.NextBytes(blob);
            return blob;
        });

        Assert.That(Roundtrip("BLOB", expected), Is.EqualTo(expected), $"seed {Seed}");
    }

    [Test]
    public void Short_texts_written_by_us_equal_and_join_with_those_made_by_sql()
    {
        Roundtrip("VARCHAR", [.. Enumerable.Range(0, 30).Select(length => new string('x', length))]);

        Assert.That(
            Connection.Scalar<long>("SELECT count(*) FROM t JOIN (SELECT repeat('x', range) AS v FROM range(30)) s USING (v)"),
            Is.EqualTo(30));
    }

    [Test]
    public void Bytes_that_are_no_utf8_are_refused_in_a_text_column([Values(3, 30)] int length)
    {
        Connection.Execute("CREATE TABLE t(v VARCHAR)");
        using DuckDbAppender appender = Connection.Append("t");
        byte[] bytes = [.. Enumerable.Repeat((byte)0xC3, length)];

        Assert.That(() => appender.Column(0).SetBytes(0, bytes), Throws.ArgumentException.With.Message.Contains("UTF-8"));
    }

    [Test]
    public void A_decimal_too_large_for_its_column_is_refused()
    {
        Connection.Execute("CREATE TABLE t(v DECIMAL(4,1))");
        using DuckDbAppender appender = Connection.Append("t");

        Assert.That(() => appender.Column(0).SetInt128(0, 40_000), Throws.TypeOf<OverflowException>());
    }

    [Test]
    public void Rows_of_an_appender_that_was_not_completed_do_not_appear()
    {
        Connection.Execute("CREATE TABLE t(v BIGINT)");
        using (DuckDbAppender appender = Connection.Append("t"))
        {
            appender.Column(0).Values<long>().Fill(5);
            appender.AppendChunk(100);
        }

        Assert.That(Connection.Scalar<long>("SELECT count(*) FROM t"), Is.Zero);
    }

    [Test]
    public void Appending_to_a_missing_table_names_it()
        => Assert.That(() => Connection.Append("nowhere"), Throws.TypeOf<DuckDbException>().With.Message.Contains("nowhere"));

    [Test]
    public void A_broken_constraint_is_reported_when_the_appender_completes()
    {
        Connection.Execute("CREATE TABLE t(v BIGINT PRIMARY KEY)");
        using DuckDbAppender appender = Connection.Append("t");
        appender.Column(0).Values<long>().Fill(5);
        appender.AppendChunk(2);

        Assert.That(appender.Complete, Throws.TypeOf<DuckDbException>().With.Message.Contains("'t'"));
    }

    [Test]
    public void Times_and_wide_decimals_survive_parquet_of_the_first_version()
    {
        List<object?> times = RandomRows(row => (row * 7_919_000_001L) - 5_000_000_000_000);
        List<object?> numbers = RandomRows(row => (Int128)(row - 3000) * Wide);
        Connection.Execute("CREATE TABLE t(moment TIMESTAMPTZ, n DECIMAL(38,0))");
        using (DuckDbAppender appender = Connection.Append("t"))
        {
            for (int start = 0; start < times.Count; start += DuckDbAppender.Capacity)
            {
                int count = Math.Min(DuckDbAppender.Capacity, times.Count - start);
                VectorWriter at = appender.Column(0);
                VectorWriter n = appender.Column(1);
                for (int row = 0; row < count; row++)
                {
                    Write(ref at, row, times[start + row]);
                    Write(ref n, row, numbers[start + row]);
                }

                appender.AppendChunk(count);
            }

            appender.Complete();
        }

        string file = InStore("t.parquet");
        long copied = Connection.Execute($"COPY t TO {Sql.Text(file)} (FORMAT parquet, PARQUET_VERSION v1, COMPRESSION zstd)");
        List<object?[]> rows = Rows("SELECT moment, n FROM read_parquet($1)", file);

        Assert.That(copied, Is.EqualTo(times.Count));
        Assert.That(rows.Select(row => row[0]), Is.EqualTo(times), $"seed {Seed}");
        Assert.That(rows.Select(row => row[1]), Is.EqualTo(numbers), $"seed {Seed}");
        Assert.That(
            Rows("SELECT DISTINCT unnest(string_split(encodings, ', ')) FROM parquet_metadata($1)", file).Select(row => row[0]),
            Is.SubsetOf(new[] { "PLAIN", "RLE", "RLE_DICTIONARY", "PLAIN_DICTIONARY" }), "encodings of the first version only");
        Assert.That(
            Rows("SELECT name, logical_type FROM parquet_schema($1) WHERE name IN ('moment', 'n') ORDER BY name", file).Select(row => row[1]),
            Is.EqualTo(new[]
            {
                "TimestampType(isAdjustedToUTC=1, unit=TimeUnit(MILLIS=<null>, MICROS=MicroSeconds(), NANOS=<null>))",
                "DecimalType(scale=0, precision=38)",
            }));
    }

    /// <summary>Some thousand rows, so that there are several chunks, about a fifth of them NULL.</summary>
    private List<object?> RandomRows(Func<int, object> value)
    {
        Random random = new(Seed);
        return [.. Enumerable.Range(0, 5_000).Select(row => random.Next(5) == 0 ? null : value(row))];
    }

    private List<object?> Roundtrip(string type, List<object?> values)
    {
        Connection.Execute($"CREATE TABLE t(v {type})");
        using (DuckDbAppender appender = Connection.Append("t"))
        {
            foreach (object?[] chunk in values.Chunk(DuckDbAppender.Capacity))
            {
                VectorWriter column = appender.Column(0);
                for (int row = 0; row < chunk.Length; row++)
                {
                    Write(ref column, row, chunk[row]);
                }

                appender.AppendChunk(chunk.Length);
            }

            appender.Complete();
        }

        return [.. Rows("SELECT v FROM t").Select(row => row[0])];
    }

    private static void Write(ref VectorWriter column, int row, object? value)
    {
        switch (value)
        {
            case null: column.SetNull(row); break;
            case string v: column.SetText(row, v); break;
            case byte[] v: column.SetBytes(row, v); break;
            case Int128 v: column.SetInt128(row, v); break;
            case bool v: column.Set(row, v); break;
            case sbyte v: column.Set(row, v); break;
            case short v: column.Set(row, v); break;
            case int v: column.Set(row, v); break;
            case long v: column.Set(row, v); break;
            case byte v: column.Set(row, v); break;
            case ushort v: column.Set(row, v); break;
            case uint v: column.Set(row, v); break;
            case ulong v: column.Set(row, v); break;
            case float v: column.Set(row, v); break;
            case double v: column.Set(row, v); break;
            case UInt128 v: column.Set(row, v); break;
            default: throw new ArgumentException($"{value.GetType()}");
        }
    }
}
