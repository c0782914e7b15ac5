using System.Runtime.InteropServices;

namespace LambdaCore.DuckDb;

/// <summary>What a call reports: 0 when it succeeded.</summary>
internal enum DuckDbState
{
    Success = 0,
    Error = 1,
}

/// <summary><c>duckdb_result</c>; all its fields are DuckDB's own business.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeResult
{
    private readonly ulong columnCount;
    private readonly ulong rowCount;
    private readonly ulong rowsChanged;
    private readonly nint columns;
    private readonly nint errorMessage;
    private readonly nint internalData;
}

/// <summary><c>duckdb_query_progress_type</c>: how far a statement is.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct NativeProgress
{
    /// <summary>From 0 to 100; -1 while nothing is known.</summary>
    public readonly double Percentage;

    private readonly ulong rowsProcessed;
    private readonly ulong totalRowsToProcess;
}

/// <summary><c>duckdb_hugeint</c>: what <see cref="Int128"/> is passed as.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct NativeHugeInt(Int128 value)
{
    private readonly ulong lower = (ulong)value;
    private readonly long upper = (long)(value >> 64);
}

/// <summary><c>duckdb_decimal</c>: an unscaled integer with its width and scale.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct NativeDecimal(byte width, byte scale, Int128 unscaled)
{
    private readonly byte width = width;
    private readonly byte scale = scale;
    private readonly NativeHugeInt value = new(unscaled);
}

/// <summary>
/// <c>duckdb_string_t</c>: up to 12 bytes stand in the vector itself (zero-padded, since DuckDB compares them
/// whole); longer ones are a 4-byte prefix and a pointer.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal unsafe struct NativeString
{
    public const int InlineCapacity = 12;

    [FieldOffset(0)]
    public uint Length;

    [FieldOffset(4)]
    public fixed byte Inlined[InlineCapacity];

    [FieldOffset(8)]
    public byte* Pointer;
}
