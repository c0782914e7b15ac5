using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>
/// The dense form of a HyperLogLog sketch: 2^precision registers, one byte each. The first bits of a hash choose the
/// register, which keeps the greatest rank of the other bits: the place of the first one among them, from 1.
/// </summary>
internal static class DenseRegisters
{
    /// <summary>Adds a hash.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(byte[] registers, int precision, ulong hash)
    {
        byte rank = (byte)(BitOperations.LeadingZeroCount((hash << precision) | (1UL << (precision - 1))) + 1);
        ref byte register = ref registers[(int)(hash >> (64 - precision))];
        if (register < rank)
        {
            register = rank;
        }
    }

    /// <summary>Adds a hash that is known by its sparse code.</summary>
    public static void AddCode(byte[] registers, int precision, uint code)
    {
        (int register, byte rank) = SparseCodes.Place(code, precision);
        registers[register] = Math.Max(registers[register], rank);
    }

    /// <summary>Keeps the greater of each pair of registers.</summary>
    /// <param name="registers">The registers that take in the others.</param>
    /// <param name="others">As many registers; at least sixteen.</param>
    public static void Merge(byte[] registers, ReadOnlySpan<byte> others)
    {
        ref byte left = ref MemoryMarshal.GetArrayDataReference(registers);
        ref byte right = ref MemoryMarshal.GetReference(others);
        nuint length = (nuint)registers.Length;
        ArgumentOutOfRangeException.ThrowIfNotEqual(others.Length, registers.Length);
        if (length < (nuint)Vector256<byte>.Count)
        {
            Vector128.Max(Vector128.LoadUnsafe(ref left), Vector128.LoadUnsafe(ref right)).StoreUnsafe(ref left);
            return;
        }

        for (nuint i = 0; i < length; i += (nuint)Vector256<byte>.Count)
        {
            Vector256.Max(Vector256.LoadUnsafe(ref left, i), Vector256.LoadUnsafe(ref right, i)).StoreUnsafe(ref left, i);
        }
    }

    /// <summary>Reads registers.</summary>
    /// <exception cref="InvalidDataException">A register is larger than any rank.</exception>
    public static byte[] Read(ref ByteReader reader, int precision)
    {
        ReadOnlySpan<byte> registers = reader.ReadRaw(1 << precision);
        byte greatest = (byte)(64 - precision + 1);
        int bad = registers.IndexOfAnyExceptInRange((byte)0, greatest);
        return bad < 0
            ? registers.ToArray()
            : throw new InvalidDataException($"Register {bad} of a sketch of precision {precision} is {registers[bad]}, above {greatest}.");
    }

    /// <summary>
    /// The estimated number of distinct hashes, by the improved raw estimator of Otmar Ertl, "New cardinality estimation
    /// algorithms for HyperLogLog sketches" (2017, arXiv:1702.01284), algorithm 6: one formula
    /// for the whole range, without empirical constants. Its bias is about <c>0.75 / 2^precision</c>, far below its error.
    /// </summary>
    public static double Estimate(ReadOnlySpan<byte> registers)
    {
        double size = registers.Length;
        int last = 64 - BitOperations.Log2((uint)registers.Length);
        Span<int> histogram = stackalloc int[64];
        Count(registers, histogram);
        double z = size * Tau(1 - (histogram[last + 1] / size));
        for (int rank = last; rank >= 1; rank--)
        {
            z = 0.5 * (z + histogram[rank]);
        }

        z += size * Sigma(histogram[0] / size);
        return size * size / (2 * Math.Log(2) * z);
    }

    // How many registers have each value, 0 to 61. Neighbours often have the same value; counted apart they need not wait
    // for each other's increment.
    private static void Count(ReadOnlySpan<byte> registers, Span<int> histogram)
    {
        Span<int> counts = stackalloc int[4 * 64];
        counts.Clear();
        for (int i = 0; i + 3 < registers.Length; i += 4)
        {
            counts[registers[i]]++;
            counts[registers[i + 1] + 64]++;
            counts[registers[i + 2] + 128]++;
            counts[registers[i + 3] + 192]++;
        }

        for (int value = 0; value < histogram.Length; value++)
        {
            histogram[value] = counts[value] + counts[value + 64] + counts[value + 128] + counts[value + 192];
        }
    }

    // x + sum over k of x^(2^k) * 2^(k-1); Ertl, equation 12.
    private static double Sigma(double x)
    {
        if (x == 1)
        {
            return double.PositiveInfinity;
        }

        double y = 1;
        double sum = x;
        double before;
        do
        {
            x *= x;
            before = sum;
            sum += x * y;
            y += y;
        }
        while (sum != before);
        return sum;
    }

    // (1 - x - sum over k of (1 - x^(2^-k))^2 * 2^-k) / 3; Ertl, equation 13.
    private static double Tau(double x)
    {
        if (x is 0 or 1)
        {
            return 0;
        }

        double y = 1;
        double sum = 1 - x;
        double before;
        do
        {
            x = Math.Sqrt(x);
            before = sum;
            y *= 0.5;
            sum -= (1 - x) * (1 - x) * y;
        }
        while (sum != before);
        return sum / 3;
    }
}
