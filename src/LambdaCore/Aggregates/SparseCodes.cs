using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.InteropServices;
using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>
/// The sparse form of a HyperLogLog sketch: an open-addressing table of codes, one per distinct index. A code is the first
/// 25 bits of a hash, its index, times 64, plus the rank of the 39 bits behind: the place of the first one among them, from
/// 1, or 40 if there is none. No code is zero, which marks an empty slot.
/// </summary>
internal static class SparseCodes
{
    /// <summary>The number of bits of an index.</summary>
    public const int IndexBits = 25;

    private const int RankBits = 6;
    private const int GreatestRank = 64 - IndexBits + 1;
    private const int LeastCapacity = 4;

    /// <summary>The number of codes that a sketch may have before it becomes dense: then the table has its registers' size.</summary>
    public static int Limit(int precision) => 3 << (precision - HyperLogLogState.LeastPrecision);

    /// <summary>The code of a hash.</summary>
    public static uint Of(ulong hash) =>
        ((uint)(hash >> (64 - IndexBits)) << RankBits) | (uint)(BitOperations.LeadingZeroCount((hash << IndexBits) | (1UL << (IndexBits - 1))) + 1);

    /// <summary>The register of a code at a precision, and its rank there.</summary>
    public static (int Register, byte Rank) Place(uint code, int precision)
    {
        int rest = IndexBits - precision;
        uint index = code >> RankBits;
        uint between = index & ((1u << rest) - 1);
        uint rank = between != 0
            ? (uint)(BitOperations.LeadingZeroCount(between) - (32 - rest) + 1)
            : (uint)rest + (code & ((1u << RankBits) - 1));
        return ((int)(index >> rest), (byte)rank);
    }

    /// <summary>Adds a code to a table, which is created or grown as needed.</summary>
    /// <returns>Whether its index is new.</returns>
    public static bool Add(ref uint[]? table, ref int count, uint code)
    {
        if (table is null || (count + 1) * 4 > table.Length * 3)
        {
            Grow(ref table);
        }

        if (!Insert(table, code))
        {
            return false;
        }

        count++;
        return true;
    }

    /// <summary>The estimated number of distinct hashes, by linear counting over the 2^25 indexes.</summary>
    public static double Estimate(int count)
    {
        const double Indexes = 1 << IndexBits;
        return -Indexes * Math.Log(1 - (count / Indexes));
    }

    /// <summary>Writes the codes of a table in ascending order.</summary>
    public static void Write(ByteWriter writer, uint[] table, int count)
    {
        Span<uint> codes = MemoryMarshal.Cast<byte, uint>(writer.Advance(count * sizeof(uint)));
        int next = 0;
        foreach (uint code in table)
        {
            if (code != 0)
            {
                codes[next++] = code;
            }
        }

        codes.Sort();
    }

    /// <summary>Reads codes into a table.</summary>
    /// <exception cref="InvalidDataException">They are no codes, or not in ascending order.</exception>
    public static uint[] Read(ref ByteReader reader, int count)
    {
        ReadOnlySpan<uint> codes = MemoryMarshal.Cast<byte, uint>(reader.ReadRaw((long)count * sizeof(uint)));
        int capacity = LeastCapacity;
        while (count * 4 > capacity * 3)
        {
            capacity *= 2;
        }

        uint[] table = new uint[capacity];
        long previous = -1;
        foreach (uint code in codes)
        {
            uint rank = code & ((1u << RankBits) - 1);
            uint index = code >> RankBits;
            if (index <= previous || index >= 1u << IndexBits || rank is 0 or > GreatestRank)
            {
                throw new InvalidDataException($"0x{code:X8} is no code of a sparse sketch after index {previous}.");
            }

            previous = index;
            Insert(table, code);
        }

        return table;
    }

    private static bool Insert(uint[] table, uint code)
    {
        uint mask = (uint)table.Length - 1;
        for (uint slot = (code >> RankBits) & mask; ; slot = (slot + 1) & mask)
        {
            uint present = table[slot];
            if (present == 0)
            {
                table[slot] = code;
                return true;
            }

            if (present >> RankBits == code >> RankBits)
            {
                table[slot] = Math.Max(present, code);
                return false;
            }
        }
    }

    private static void Grow([NotNull] ref uint[]? table)
    {
        uint[] old = table ?? [];
        table = new uint[Math.Max(LeastCapacity, old.Length * 2)];
        foreach (uint code in old)
        {
            if (code != 0)
            {
                Insert(table, code);
            }
        }
    }
}
