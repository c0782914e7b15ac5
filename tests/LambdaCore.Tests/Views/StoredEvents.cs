using LambdaCore.DuckDb;
using LambdaCore.Values;

namespace LambdaCore.Tests.Views;

/// <summary>Events as rows of a DuckDB table with the stored types, as the log's segments have them.</summary>
internal static class StoredEvents
{
    /// <summary>Creates a table of events whose positions count from 0.</summary>
    public static void Create<T>(DuckDbConnection connection, string table, IReadOnlyList<T> events)
    {
        EventSchema schema = EventSchema.Of(typeof(T));
        IEnumerable<string> columns = schema.Properties.Select(p => $"{Sql.Name(p.Name)} {StoredType.Sql(p.Type.Kind)}").Append("_position BIGINT");
        connection.Execute($"CREATE OR REPLACE TABLE {table} ({string.Join(", ", columns)})");
        using DuckDbAppender appender = connection.Append(table);
        for (int start = 0; start < events.Count; start += DuckDbAppender.Capacity)
        {
            int count = Math.Min(DuckDbAppender.Capacity, events.Count - start);
            for (int c = 0; c < schema.Properties.Count; c++)
            {
                VectorWriter column = appender.Column(c);
                for (int row = 0; row < count; row++)
                {
                    Write(ref column, row, schema.Properties[c].Type.Kind, schema.Properties[c].Property.GetValue(events[start + row]));
                }
            }

            VectorWriter positions = appender.Column(schema.Properties.Count);
            for (int row = 0; row < count; row++)
            {
                positions.Set(row, (long)(start + row));
            }

            appender.AppendChunk(count);
        }

        appender.Complete();
    }

    private static void Write(ref VectorWriter column, int row, ValueKind kind, object? value)
    {
        switch (value)
        {
            case null: column.SetNull(row); break;
            case bool v: column.Set(row, v ? (byte)1 : (byte)0); break;
            case float v: column.Set(row, v); break;
            case double v: column.Set(row, v); break;
            case decimal v: column.Set(row, DecimalUnits.FromDecimal(v)); break;
            case string v: column.SetText(row, v); break;
            case Guid v: column.SetText(row, v.ToString()); break;
            case DateTimeOffset v: column.Set(row, UnixTime.FromDateTimeOffset(v)); break;
            case DateTime v: column.Set(row, UnixTime.FromDateTime(v)); break;
            case DateOnly v: column.Set(row, UnixTime.FromDateOnly(v)); break;
            case TimeSpan v: column.Set(row, v.Ticks); break;
            case byte[] v: column.SetBytes(row, v); break;
            case Enum v: column.SetInt128(row, Convert.ToInt64(v)); break;
            case ulong v: column.SetInt128(row, v); break;
            default: column.SetInt128(row, Convert.ToInt64(value)); break;
        }
    }
}
