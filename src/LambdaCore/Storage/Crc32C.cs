using System.Numerics;
using System.Runtime.InteropServices;

namespace LambdaCore.Storage;

/// <summary>The checksum CRC-32C (Castagnoli, RFC 3720 appendix B.4), by the processor's instruction where it has
/// one.</summary>
internal static class Crc32C
{
    /// <summary>The checksum of some bytes.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="seed">The checksum of what came before, to continue it; 0 to begin.</param>
    public static uint Of(ReadOnlySpan<byte> bytes, uint seed = 0)
    {
        uint crc = ~seed;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
        {
            crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word));
        }

        foreach (byte single in bytes[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, single);
        }

        return ~crc;
    }
}
