using System.Reflection;
using LambdaCore.Batch;
using LambdaCore.DuckDb;
using LambdaCore.Tests.DuckDb;
using LambdaCore.Tests.Values;
using LambdaCore.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Batch;

/// <summary>Columns that went through Parquet in their stored type become the bytes that the values would have had.</summary>
[TestFixture]
internal sealed class ColumnTranscoderTests : DuckDbFixture
{
    [TestCaseSource(typeof(RandomValue), nameof(RandomValue.Kinds))]
    public void Stored_values_become_the_bytes_of_states_and_of_keys(ValueKind kind)
    {
        Random random = new(Seed);
        object?[] values = [.. Enumerable.Range(0, 1500).Select(_ => random.Next(6) == 0 ? null : RandomValue.Of(kind, random))];
        ScalarType type = new(kind, true);
        Store(kind, values);

        int next = 0;
        using DuckDbResult result = Connection.Query($"SELECT v FROM '{InStore("values.parquet")}' ORDER BY i");
        while (result.NextChunk())
        {
            VectorReader column = result.Column(0);
            for (int row = 0; row < result.RowCount; row++, next++)
            {
                ByteWriter state = new();
                ColumnTranscoder.WriteState(type, in column, row, state);
                ByteWriter key = new();
                ColumnTranscoder.WriteKey(type, in column, row, key);
                Assert.That(state.Written.ToArray(), Is.EqualTo(StateBytes(values[next])), $"state of {values[next]}, row {next}, seed {Seed}");
                Assert.That(key.Written.ToArray(), Is.EqualTo(KeyBytes(values[next])), $"key of {values[next]}, row {next}, seed {Seed}");
            }
        }

        Assert.That(next, Is.EqualTo(values.Length));
    }

    [TestCaseSource(typeof(RandomValue), nameof(RandomValue.Kinds))]
    public void Bytes_of_states_and_of_keys_become_the_stored_values(ValueKind kind)
    {
        Random random = new(Seed);
        object?[] values = [.. Enumerable.Range(0, 1500).Select(_ => random.Next(6) == 0 ? null : RandomValue.Of(kind, random))];
        ScalarType type = new(kind, true);
        Connection.Execute($"CREATE TABLE t (state {StoredType.Sql(kind)}, key {StoredType.Sql(kind)})");
        using (DuckDbAppender appender = Connection.Append("t"))
        {
            VectorWriter state = appender.Column(0);
            VectorWriter key = appender.Column(1);
            for (int row = 0; row < values.Length; row++)
            {
                Read(StateBytes(values[row]), ref state, row, ColumnTranscoder.ReadState);
                Read(KeyBytes(values[row]), ref key, row, ColumnTranscoder.ReadKey);
            }

            appender.AppendChunk(values.Length);
            appender.Complete();
        }

        Store(kind, [.. values.Select(CanonicalValue)], "expected");
        List<object?[]> rows = Rows($"SELECT t.state, t.key, expected.v FROM t POSITIONAL JOIN expected");
        Assert.That(rows, Has.Count.EqualTo(values.Length));
        for (int row = 0; row < values.Length; row++)
        {
            Assert.That(rows[row][0], Is.EqualTo(rows[row][2]), $"state of {values[row]}, row {row}, seed {Seed}");
            Assert.That(rows[row][1], Is.EqualTo(rows[row][2]), $"key of {values[row]}, row {row}, seed {Seed}");
        }

        unsafe void Read(byte[] bytes, ref VectorWriter column, int row, ReadValue read)
        {
            fixed (byte* start = bytes)
            {
                ByteReader reader = new(start, bytes.Length);
                read(type, ref reader, ref column, row);
                Assert.That(reader.Remaining, Is.Zero);
            }
        }
    }

    [Test]
    public void A_missing_value_where_none_may_be_is_refused() =>
        Assert.That(() => Transcode("NULL::BIGINT", ValueKind.Int64), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("Int64"));

    [TestCase("'no guid'")]
    [TestCase("'00000000-0000-0000-0000-0000000000000'")]
    [TestCase("''")]
    public void Text_that_is_no_guid_is_refused(string text) =>
        Assert.That(() => Transcode(text, ValueKind.Guid), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("Guid"));

    [Test]
    public void A_column_of_another_type_is_refused() =>
        Assert.That(() => Transcode("1::HUGEINT", ValueKind.Int64), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("HugeInt"));

    private void Transcode(string sql, ValueKind kind)
    {
        using DuckDbResult result = Connection.Query($"SELECT {sql}");
        Assert.That(result.NextChunk());
        VectorReader column = result.Column(0);
        ColumnTranscoder.WriteState(new ScalarType(kind, false), in column, 0, new ByteWriter());
    }

    private delegate void ReadValue(ScalarType type, ref ByteReader reader, ref VectorWriter column, int row);

    /// <summary>There is one NaN and one zero in what is stored.</summary>
    private static object? CanonicalValue(object? value) => value switch
    {
        double number => ValueOrder.Canonical(number),
        float number => ValueOrder.Canonical(number),
        _ => value,
    };

    private void Store(ValueKind kind, object?[] values, string table = "t")
    {
        Connection.Execute($"CREATE TABLE {table} (i INTEGER, v {StoredType.Sql(kind)})");
        using (DuckDbAppender appender = Connection.Append(table))
        {
            VectorWriter index = appender.Column(0);
            VectorWriter column = appender.Column(1);
            for (int row = 0; row < values.Length; row++)
            {
                index.Set(row, row);
                StoredValue.Write(ref column, row, values[row]);
            }

            appender.AppendChunk(values.Length);
            appender.Complete();
        }

        Connection.Execute($"COPY {table} TO '{InStore("values.parquet")}' (FORMAT parquet)");
    }

    private static byte[] StateBytes(object? value)
    {
        ByteWriter writer = new();
        writer.WriteBoolean(value is not null);
        if (value is not null)
        {
            typeof(ValueCodec).GetMethod(nameof(ValueCodec.Write))!.MakeGenericMethod(value.GetType())
                .Invoke(null, BindingFlags.DoNotWrapExceptions, null, [writer, value], null);
        }

        return writer.Written.ToArray();
    }

    private static byte[] KeyBytes(object? value)
    {
        ByteWriter writer = new();
        KeyWriter.WritePresence(writer, value is not null);
        if (value is not null)
        {
            typeof(KeyWriter).GetMethod(nameof(KeyWriter.Write), [typeof(ByteWriter), value.GetType()])!
                .Invoke(null, BindingFlags.DoNotWrapExceptions, null, [writer, value], null);
        }

        return writer.Written.ToArray();
    }
}
