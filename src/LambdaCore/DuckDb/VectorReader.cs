using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace LambdaCore.DuckDb;

/// <summary>Reads one column of one chunk, straight from DuckDB's memory.</summary>
/// <remarks>
/// Valid until the chunk is replaced or the callback that it was handed to returns. The value of a NULL row is
/// whatever happens to stand there: ask <see cref="IsNull"/> first. Rows are not range-checked in Release.
/// </remarks>
internal readonly unsafe ref struct VectorReader
{
    private readonly byte* _data;
    private readonly ulong* _validity;
    private readonly int _count;

    internal VectorReader(nint vector, DuckDbLogicalType type, int count)
    {
        _data = NativeMethods.VectorData(vector);
        _validity = NativeMethods.VectorValidity(vector);
        _count = count;
        Type = type;
        ElementSize = type.ElementSize;
    }

    public DuckDbLogicalType Type { get; }

    private int ElementSize { get; }

    /// <summary>False when no row can be NULL, so that a loop may skip asking.</summary>
    public bool MayHaveNulls => _validity != null;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsNull(int row) => _validity != null && (_validity[(uint)row >> 6] & (1UL << row)) == 0;

    /// <summary>The value of a row in its physical form: <c>T</c> must have exactly the size of the column's type.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Get<T>(int row)
        where T : unmanaged
    {
        if (Unsafe.SizeOf<T>() != ElementSize)
        {
            ThrowWrongSize(typeof(T));
        }

        return Unsafe.ReadUnaligned<T>(_data + ((nint)row * Unsafe.SizeOf<T>()));
    }

    /// <summary>All rows in their physical form, NULLs included.</summary>
    public ReadOnlySpan<T> Values<T>()
        where T : unmanaged
    {
        if (Unsafe.SizeOf<T>() != ElementSize)
        {
            ThrowWrongSize(typeof(T));
        }

        return new ReadOnlySpan<T>(_data, _count);
    }

    public bool Boolean(int row) => Get<byte>(row) != 0;

    public int Int32(int row) => Get<int>(row);

    /// <summary>A BIGINT, or the microseconds of a timestamp.</summary>
    public long Int64(int row) => Get<long>(row);

    public float Single(int row) => Get<float>(row);

    public double Double(int row) => Get<double>(row);

    /// <summary>A signed integer or the unscaled integer of a decimal, of any physical width up to 128 bits.</summary>
    public Int128 Int128(int row) => ElementSize switch
    {
        1 => Get<sbyte>(row),
        2 => Get<short>(row),
        4 => Get<int>(row),
        8 => Get<long>(row),
        _ => Get<Int128>(row),
    };

    /// <summary>The bytes of a VARCHAR (UTF-8) or BLOB, in place.</summary>
    public ReadOnlySpan<byte> Bytes(int row)
    {
        if (!Type.IsBytes)
        {
            ThrowWrongSize(typeof(ReadOnlySpan<byte>));
        }

        NativeString* text = (NativeString*)_data + row;
        return text->Length <= NativeString.InlineCapacity
            ? new ReadOnlySpan<byte>(text->Inlined, (int)text->Length)
            : new ReadOnlySpan<byte>(text->Pointer, (int)text->Length);
    }

    /// <summary>A VARCHAR as a string.</summary>
    public string Text(int row) => Encoding.UTF8.GetString(Bytes(row));

    /// <summary>
    /// A row as an object, null for NULL: for single values and tests, not for scans. Timestamps come as their raw
    /// integer, decimals as the unscaled <see cref="System.Int128"/>.
    /// </summary>
    public object? Value(int row) => IsNull(row) ? null : Type.Id switch
    {
        DuckDbType.Boolean => Boolean(row),
        DuckDbType.TinyInt => Get<sbyte>(row),
        DuckDbType.SmallInt => Get<short>(row),
        DuckDbType.Integer or DuckDbType.Date => Get<int>(row),
        DuckDbType.UTinyInt => Get<byte>(row),
        DuckDbType.USmallInt => Get<ushort>(row),
        DuckDbType.UInteger => Get<uint>(row),
        DuckDbType.UBigInt => Get<ulong>(row),
        DuckDbType.Float => Get<float>(row),
        DuckDbType.Double => Get<double>(row),
        DuckDbType.UHugeInt or DuckDbType.Uuid => Get<UInt128>(row),
        DuckDbType.HugeInt or DuckDbType.Decimal => Int128(row),
        DuckDbType.Varchar => Text(row),
        DuckDbType.Blob => Bytes(row).ToArray(),
        _ => Get<long>(row),
    };

    private void ThrowWrongSize(Type asked) => throw new InvalidOperationException(
        $"A column of type {Type} was read as {asked.Name}; its values take {ElementSize} bytes each.");
}
