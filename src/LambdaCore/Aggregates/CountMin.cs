using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>
/// A Count-Min sketch of hashes: how often each occurred, never too little, and too much by more than <c>e / width</c> of all occurrences with
/// probability below <c>exp(-depth)</c> = 0.7 % (Cormode and Muthukrishnan, "An improved data stream summary: the count-min sketch and its
/// applications", Journal of Algorithms 55, 2005, theorem 1). Each hash counts in one cell of every row, and its least cell tells. Cells
/// only add up, so content is a function of the multiset of hashes.
/// </summary>
internal static class CountMin
{
    /// <summary>The number of rows.</summary>
    public const int Depth = 5;

    /// <summary>Adds occurrences of a hash to cells: as many as a power of two per row, row by row.</summary>
    public static void Add(long[] cells, ulong hash, long count)
    {
        int width = cells.Length / Depth;
        for (int row = 0; row < Depth; row++)
        {
            ref long cell = ref cells[(row * width) + Column(hash, row, width)];
            cell = checked(cell + count);
        }
    }

    /// <summary>The estimated number of occurrences of a hash.</summary>
    public static long Estimate(long[] cells, ulong hash)
    {
        int width = cells.Length / Depth;
        long least = long.MaxValue;
        for (int row = 0; row < Depth; row++)
        {
            least = Math.Min(least, cells[(row * width) + Column(hash, row, width)]);
        }

        return least;
    }

    /// <summary>The number of all occurrences.</summary>
    public static long Total(long[] cells)
    {
        long total = 0;
        foreach (long cell in cells.AsSpan(0, cells.Length / Depth))
        {
            total += cell;
        }

        return total;
    }

    /// <summary>By how much an estimate may be too high, but for 0.7 % of all hashes.</summary>
    public static long Error(long total, int width) => (long)Math.Ceiling(Math.E / width * total);

    /// <summary>Writes cells as varints.</summary>
    public static void Write(ByteWriter writer, long[] cells)
    {
        foreach (long cell in cells)
        {
            writer.WriteVarint64((ulong)cell);
        }
    }

    /// <summary>Reads cells.</summary>
    /// <exception cref="InvalidDataException">They are none: rows differ in their totals, or exceed all counts.</exception>
    public static long[] Read(ref ByteReader reader, int width)
    {
        if (reader.Remaining < (long)width * Depth)
        {
            throw new InvalidDataException($"{width * Depth} cells do not fit into {reader.Remaining} bytes.");
        }

        long[] cells = new long[width * Depth];
        UInt128 first = 0;
        for (int row = 0; row < Depth; row++)
        {
            UInt128 total = 0;
            for (int column = 0; column < width; column++)
            {
                ulong cell = reader.ReadVarint64();
                cells[(row * width) + column] = (long)(cell & long.MaxValue);
                total += cell;
            }

            first = row == 0 ? total : first;
            if (total != first || total > long.MaxValue)
            {
                throw new InvalidDataException($"Row {row} of a Count-Min sketch adds up to {total}, the first to {first}.");
            }
        }

        return cells;
    }

    private static int Column(ulong hash, int row, int width) =>
        (int)(Mixed.Of(hash + ((ulong)row * 0x9E37_79B9_7F4A_7C15)) & (ulong)(width - 1));
}
