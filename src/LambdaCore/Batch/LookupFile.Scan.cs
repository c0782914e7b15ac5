using System.Buffers.Binary;

namespace LambdaCore.Batch;

/// <content>Reading in the order of the keys.</content>
internal sealed unsafe partial class LookupFile
{
    /// <summary>The rows of a range of keys, in order.</summary>
    /// <param name="low">The lowest key in the range; null for no bound.</param>
    /// <param name="high">The first key after the range; null for no bound.</param>
    public Enumerator Scan(byte[]? low, byte[]? high) =>
        new(this, LowerBound(low).Offset, high is null ? _footer.RowsEnd : LowerBound(high).Offset);

    /// <summary>The number of rows in a range of keys: exact, at the cost of two searches.</summary>
    /// <param name="low">The lowest key in the range; null for no bound.</param>
    /// <param name="high">The first key after the range; null for no bound.</param>
    public long CountOf(byte[]? low, byte[]? high) =>
        Math.Max(0, (high is null ? Count : LowerBound(high).RowsBefore) - LowerBound(low).RowsBefore);

    /// <summary>The first row whose key is not less than a key: its offset, or the end of the rows, and how many rows lie
    /// before it.</summary>
    private (long Offset, long RowsBefore) LowerBound(ReadOnlySpan<byte> key)
    {
        long first = 0;
        long end = _footer.IndexCount;
        while (first < end)
        {
            long middle = (first + end) / 2;
            if (ReadRow(IndexEntry(middle).Offset).Key.SequenceCompareTo(key) < 0)
            {
                first = middle + 1;
            }
            else
            {
                end = middle;
            }
        }

        if (first == 0)
        {
            // The first row of all is not less, or there is none.
            return _footer.IndexCount == 0 ? (_footer.RowsEnd, 0) : IndexEntry(0);
        }

        // The row is one of those that begin in the block before, or the first one behind.
        (long offset, long rowsBefore) = IndexEntry(first - 1);
        while (offset < _footer.RowsEnd)
        {
            Row row = ReadRow(offset);
            if (row.Key.SequenceCompareTo(key) >= 0)
            {
                break;
            }

            rowsBefore++;
            offset = RowAtOrAfter(row.End);
        }

        return (offset, rowsBefore);
    }

    private (long Offset, long RowsBefore) IndexEntry(long number)
    {
        long at = _footer.IndexOffset + (number * LookupFooter.IndexEntryLength);
        Touch(at);
        var entry = new ReadOnlySpan<byte>(_start + at, LookupFooter.IndexEntryLength);
        return (BinaryPrimitives.ReadInt64LittleEndian(entry), BinaryPrimitives.ReadInt64LittleEndian(entry[sizeof(long)..]));
    }

    /// <summary>Where the next row begins: here, or at the next block where this one has no more.</summary>
    private long RowAtOrAfter(long offset)
    {
        if (offset >= _footer.RowsEnd || (offset & BlockMask) == 0)
        {
            return offset;
        }

        Touch(offset);
        return _start[offset] != 0 ? offset : (offset | BlockMask) + 1;
    }

    /// <summary>Goes through rows in the order of their keys.</summary>
    public struct Enumerator
    {
        private readonly LookupFile _lookup;
        private readonly long _end;
        private long _next;
        private Row _row;

        internal Enumerator(LookupFile lookup, long start, long end)
        {
            _lookup = lookup;
            _next = start;
            _end = end;
        }

        /// <summary>The row's key, within the file.</summary>
        public readonly ReadOnlySpan<byte> Key => _row.Key;

        /// <summary>The row's state, within the file.</summary>
        public readonly ReadOnlySpan<byte> State => _row.State;

        /// <summary>Goes to the next row.</summary>
        /// <returns>False if there is none.</returns>
        public bool MoveNext()
        {
            if (_next >= _end)
            {
                return false;
            }

            _row = _lookup.ReadRow(_next);
            _next = _lookup.RowAtOrAfter(_row.End);
            return true;
        }
    }
}
