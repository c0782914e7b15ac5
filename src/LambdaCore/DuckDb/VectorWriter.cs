using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;

namespace LambdaCore.DuckDb;

/// <summary>Writes one column of one chunk, straight into DuckDB's memory.</summary>
/// <remarks>
/// Valid until the chunk is appended or the callback that it was handed to returns. Every row must be written, by a
/// <c>Set</c> or by <see cref="SetNull"/>. Rows are not range-checked in Release.
/// </remarks>
internal unsafe ref struct VectorWriter
{
    private readonly nint _vector;
    private readonly byte* _data;
    private readonly int _capacity;
    private ulong* _validity;

    internal VectorWriter(nint vector, DuckDbLogicalType type, int capacity)
    {
        _vector = vector;
        _capacity = capacity;
        _data = NativeMethods.VectorData(vector);
        _validity = NativeMethods.VectorValidity(vector);
        Type = type;
        ElementSize = type.ElementSize;
    }

    public DuckDbLogicalType Type { get; }

    private int ElementSize { get; }

    /// <summary>Writes a value in its physical form: <c>T</c> must have exactly the size of the column's type.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Set<T>(int row, T value)
        where T : unmanaged
    {
        if (Unsafe.SizeOf<T>() != ElementSize)
        {
            ThrowWrongSize(typeof(T));
        }

        Unsafe.WriteUnaligned(_data + ((nint)row * Unsafe.SizeOf<T>()), value);
    }

    /// <summary>All rows up to the capacity, to be filled in bulk.</summary>
    public readonly Span<T> Values<T>()
        where T : unmanaged
    {
        if (Unsafe.SizeOf<T>() != ElementSize || Type.IsBytes)
        {
            ThrowWrongSize(typeof(T));
        }

        return new Span<T>(_data, _capacity);
    }

    /// <summary>Writes the unscaled integer of a decimal, or an integer, into whatever width the column has.</summary>
    /// <exception cref="OverflowException">The value does not fit the column's physical width.</exception>
    public readonly void SetInt128(int row, Int128 value)
    {
        switch (ElementSize)
        {
            case 1: Set(row, checked((sbyte)value)); break;
            case 2: Set(row, checked((short)value)); break;
            case 4: Set(row, checked((int)value)); break;
            case 8: Set(row, checked((long)value)); break;
            default: Set(row, value); break;
        }
    }

    /// <summary>Writes the bytes of a VARCHAR or BLOB; they are copied.</summary>
    /// <exception cref="ArgumentException">The column is a VARCHAR and the bytes are not valid UTF-8.</exception>
    public readonly void SetBytes(int row, scoped ReadOnlySpan<byte> bytes)
    {
        if (!Type.IsBytes)
        {
            ThrowWrongSize(typeof(ReadOnlySpan<byte>));
        }

        if (Type.Id == DuckDbType.Varchar && !Utf8.IsValid(bytes))
        {
            throw new ArgumentException($"Row {row}: a text of {bytes.Length} bytes is not valid UTF-8.", nameof(bytes));
        }

        if (bytes.Length <= NativeString.InlineCapacity)
        {
            NativeString text = default;
            text.Length = (uint)bytes.Length;
            bytes.CopyTo(new Span<byte>(text.Inlined, NativeString.InlineCapacity));
            ((NativeString*)_data)[row] = text;
            return;
        }

        fixed (byte* pointer = bytes)
        {
            NativeMethods.AssignString(_vector, (ulong)row, pointer, (ulong)bytes.Length);
        }
    }

    /// <summary>Writes a text as UTF-8; a lone surrogate becomes U+FFFD.</summary>
    public readonly void SetText(int row, string text)
    {
        const int stackLimit = 512;
        int bound = Encoding.UTF8.GetMaxByteCount(text.Length);
        if (bound <= stackLimit)
        {
            Span<byte> buffer = stackalloc byte[stackLimit];
            SetBytes(row, buffer[..Encoding.UTF8.GetBytes(text, buffer)]);
        }
        else
        {
            SetBytes(row, Encoding.UTF8.GetBytes(text));
        }
    }

    public void SetNull(int row)
    {
        if (_validity == null)
        {
            NativeMethods.EnsureValidityWritable(_vector);
            _validity = NativeMethods.VectorValidity(_vector);
        }

        _validity[(uint)row >> 6] &= ~(1UL << row);
    }

    private readonly void ThrowWrongSize(Type asked) => throw new InvalidOperationException(
        $"A value of type {asked.Name} was written to a column of type {Type}; its values take {ElementSize} bytes each.");
}
