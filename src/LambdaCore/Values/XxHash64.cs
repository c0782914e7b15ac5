using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LambdaCore.Values;

/// <summary>
/// XXH64 with seed 0, the published 64-bit hash by Yann Collet (xxHash specification, version 0.1.1, section
/// "XXH64 algorithm"). It is part of the stored formats: sketches and lookup files depend on its values, so it
/// never changes.
/// </summary>
internal static class XxHash64
{
    private const ulong Prime1 = 0x9E3779B185EBCA87;
    private const ulong Prime2 = 0xC2B2AE3D27D4EB4F;
    private const ulong Prime3 = 0x165667B19E3779F9;
    private const ulong Prime4 = 0x85EBCA77C2B2AE63;
    private const ulong Prime5 = 0x27D4EB2F165667C5;

    /// <summary>The hash of some bytes.</summary>
    public static ulong Hash(ReadOnlySpan<byte> bytes)
    {
        ref byte at = ref MemoryMarshal.GetReference(bytes);
        int left = bytes.Length;
        ulong hash;
        if (left >= 32)
        {
            ulong a = unchecked(Prime1 + Prime2);
            ulong b = Prime2;
            ulong c = 0;
            ulong d = unchecked(0UL - Prime1);
            do
            {
                a = Round(a, Read64(ref at, 0));
                b = Round(b, Read64(ref at, 8));
                c = Round(c, Read64(ref at, 16));
                d = Round(d, Read64(ref at, 24));
                at = ref Unsafe.Add(ref at, 32);
                left -= 32;
            }
            while (left >= 32);

            hash = BitOperations.RotateLeft(a, 1) + BitOperations.RotateLeft(b, 7) + BitOperations.RotateLeft(c, 12) + BitOperations.RotateLeft(d, 18);
            hash = MergeRound(hash, a);
            hash = MergeRound(hash, b);
            hash = MergeRound(hash, c);
            hash = MergeRound(hash, d);
        }
        else
        {
            hash = Prime5;
        }

        hash += (ulong)bytes.Length;
        for (; left >= 8; left -= 8)
        {
            hash = (BitOperations.RotateLeft(hash ^ Round(0, Read64(ref at, 0)), 27) * Prime1) + Prime4;
            at = ref Unsafe.Add(ref at, 8);
        }

        if (left >= 4)
        {
            hash = (BitOperations.RotateLeft(hash ^ (Unsafe.ReadUnaligned<uint>(ref at) * Prime1), 23) * Prime2) + Prime3;
            at = ref Unsafe.Add(ref at, 4);
            left -= 4;
        }

        for (; left > 0; left--)
        {
            hash = BitOperations.RotateLeft(hash ^ (at * Prime5), 11) * Prime1;
            at = ref Unsafe.Add(ref at, 1);
        }

        return Avalanche(hash);
    }

    /// <summary>The hash of the eight little-endian bytes of a number.</summary>
    public static ulong Hash(ulong value)
    {
        ulong hash = Prime5 + 8;
        hash = (BitOperations.RotateLeft(hash ^ Round(0, value), 27) * Prime1) + Prime4;
        return Avalanche(hash);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Read64(ref byte at, int offset) => Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref at, offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Round(ulong lane, ulong input) => BitOperations.RotateLeft(lane + (input * Prime2), 31) * Prime1;

    private static ulong MergeRound(ulong hash, ulong lane) => ((hash ^ Round(0, lane)) * Prime1) + Prime4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Avalanche(ulong hash)
    {
        hash = (hash ^ (hash >> 33)) * Prime2;
        hash = (hash ^ (hash >> 29)) * Prime3;
        return hash ^ (hash >> 32);
    }
}
