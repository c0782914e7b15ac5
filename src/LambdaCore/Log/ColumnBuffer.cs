using LambdaCore.DuckDb;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>
/// One column of up to <see cref="DuckDbAppender.Capacity"/> rows on their way from write-ahead frames, which are rows, into
/// DuckDB, which wants columns. Filled row by row, emptied at once.
/// </summary>
internal abstract class ColumnBuffer
{
    /// <summary>A buffer for a property's column.</summary>
    public static ColumnBuffer For(ScalarType type)
    {
        bool nullable = type.IsNullable;
        return type.Kind switch
        {
            ValueKind.Boolean => new Fixed<byte>(nullable, (ref ByteReader r) => r.ReadByte()),
            ValueKind.Int8 => new Fixed<sbyte>(nullable, (ref ByteReader r) => (sbyte)r.ReadByte()),
            ValueKind.UInt8 => new Fixed<short>(nullable, (ref ByteReader r) => r.ReadByte()),
            ValueKind.Int16 => new Fixed<short>(nullable, (ref ByteReader r) => r.ReadInt16()),
            ValueKind.UInt16 => new Fixed<int>(nullable, (ref ByteReader r) => (ushort)r.ReadInt16()),
            ValueKind.Int32 or ValueKind.Date => new Fixed<int>(nullable, (ref ByteReader r) => r.ReadInt32()),
            ValueKind.UInt32 => new Fixed<long>(nullable, (ref ByteReader r) => (uint)r.ReadInt32()),
            ValueKind.Int64 or ValueKind.Timestamp or ValueKind.Duration => new Fixed<long>(nullable, (ref ByteReader r) => r.ReadInt64()),
            ValueKind.UInt64 => new Fixed<Int128>(nullable, (ref ByteReader r) => (ulong)r.ReadInt64()),
            ValueKind.Float32 => new Fixed<float>(nullable, (ref ByteReader r) => r.ReadFloat32()),
            ValueKind.Float64 => new Fixed<double>(nullable, (ref ByteReader r) => r.ReadFloat64()),
            ValueKind.Decimal => new Fixed<Int128>(nullable, (ref ByteReader r) => r.ReadInt128()),
            ValueKind.String or ValueKind.Binary => new Bytes(nullable, isGuid: false),
            ValueKind.Guid => new Bytes(nullable, isGuid: true),
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No event property has this kind."),
        };
    }

    /// <summary>Reads the value of the next row.</summary>
    public abstract void Read(ref ByteReader reader, int row);

    /// <summary>Moves the values of the first rows into a chunk, and starts again.</summary>
    public abstract void MoveTo(VectorWriter column, int rows);

    private delegate T ReadValue<out T>(ref ByteReader reader);

    private sealed class Fixed<T>(bool nullable, ReadValue<T> read) : ColumnBuffer
        where T : unmanaged
    {
        private readonly T[] _values = new T[DuckDbAppender.Capacity];
        private readonly List<int> _missing = [];

        public override void Read(ref ByteReader reader, int row)
        {
            if (nullable && !reader.ReadBoolean())
            {
                _values[row] = default;
                _missing.Add(row);
            }
            else
            {
                _values[row] = read(ref reader);
            }
        }

        public override void MoveTo(VectorWriter column, int rows)
        {
            _values.AsSpan(0, rows).CopyTo(column.Values<T>());
            foreach (int row in _missing)
            {
                column.SetNull(row);
            }

            _missing.Clear();
        }
    }

    private sealed class Bytes(bool nullable, bool isGuid) : ColumnBuffer
    {
        private const int GuidTextLength = 36;

        private readonly ByteWriter _content = new(1 << 16);
        private readonly int[] _ends = new int[DuckDbAppender.Capacity];
        private readonly List<int> _missing = [];

        public override void Read(ref ByteReader reader, int row)
        {
            if (nullable && !reader.ReadBoolean())
            {
                _missing.Add(row);
            }
            else if (isGuid)
            {
                reader.ReadGuid().TryFormat(_content.Advance(GuidTextLength), out _);
            }
            else
            {
                _content.WriteRaw(reader.ReadBytes());
            }

            _ends[row] = _content.Length;
        }

        public override void MoveTo(VectorWriter column, int rows)
        {
            ReadOnlySpan<byte> content = _content.Written;
            int start = 0;
            for (int row = 0; row < rows; row++)
            {
                column.SetBytes(row, content[start.._ends[row]]);
                start = _ends[row];
            }

            foreach (int row in _missing)
            {
                column.SetNull(row);
            }

            _missing.Clear();
            _content.Clear();
        }
    }
}
