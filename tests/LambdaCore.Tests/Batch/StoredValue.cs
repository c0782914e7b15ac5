using LambdaCore.DuckDb;
using LambdaCore.Values;

namespace LambdaCore.Tests.Batch;

/// <summary>Puts a value in its representation into a column of its stored type.</summary>
internal static class StoredValue
{
    public static void Write(ref VectorWriter column, int row, object? value)
    {
        switch (value)
        {
            case null: column.SetNull(row); break;
            case bool it: column.Set(row, it ? (byte)1 : (byte)0); break;
            case float it: column.Set(row, it); break;
            case double it: column.Set(row, it); break;
            case decimal it: column.SetInt128(row, DecimalUnits.FromDecimal(it)); break;
            case string it: column.SetText(row, it); break;
            case Guid it: column.SetText(row, it.ToString()); break;
            case byte[] it: column.SetBytes(row, it); break;
            case ulong it: column.SetInt128(row, it); break;
            default: column.SetInt128(row, Convert.ToInt64(value)); break;
        }
    }
}
