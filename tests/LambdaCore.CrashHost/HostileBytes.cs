using System.Buffers.Binary;

namespace LambdaCore.CrashHost;

/// <summary>Changes of bytes as somebody makes them who wants to do harm: at random, and where lengths, counts and offsets stand, to the values that hurt most.</summary>
public static class HostileBytes
{
    private static readonly long[] Extremes =
    [
        0, 1, -1, 2, 7, 8, 63, 64, 127, 128, 255, 256, short.MaxValue, ushort.MaxValue, 1 << 20, int.MaxValue, int.MinValue, uint.MaxValue, 1L << 32, 1L << 40, long.MaxValue, long.MinValue,
        long.MaxValue - 1, int.MaxValue - 1,
    ];

    /// <summary>How many mutants of each decoder are tried: LAMBDACORE_MUTANTS, else the share that continuous integration can afford.</summary>
    public static int Count(int otherwise) => int.TryParse(Environment.GetEnvironmentVariable("LAMBDACORE_MUTANTS"), out int given) ? given : otherwise;

    /// <summary>A mutant of some bytes: one to four changes.</summary>
    /// <param name="healthy">The bytes, which stay as they are.</param>
    /// <param name="random">Decides.</param>
    public static byte[] Mutate(byte[] healthy, Random random)
    {
        byte[] mutant = (byte[])healthy.Clone();
        for (int change = random.Next(1, 5); change > 0 && mutant.Length > 0; change--)
        {
            int at = random.Next(mutant.Length);
            switch (random.Next(8))
            {
                case 0:
                    mutant[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    mutant[at] = (byte)random.Next(256);
                    break;
                case 2 or 3:
                    Overwrite(mutant, at & ~3, Extremes[random.Next(Extremes.Length)], random.Next(2) == 0 ? sizeof(int) : sizeof(long));
                    break;
                case 4:
                    // A varint that goes on and on.
                    mutant.AsSpan(at, Math.Min(random.Next(1, 12), mutant.Length - at)).Fill(0xFF);
                    break;
                case 5:
                    int from = random.Next(mutant.Length);
                    mutant.AsSpan(from, Math.Min(random.Next(1, 64), mutant.Length - Math.Max(at, from))).ToArray().CopyTo(mutant, at);
                    break;
                case 6:
                    mutant.AsSpan(at, Math.Min(random.Next(1, 32), mutant.Length - at)).Clear();
                    break;
                default:
                    long near = at + sizeof(long) <= mutant.Length ? BinaryPrimitives.ReadInt64LittleEndian(mutant.AsSpan(at)) : 0;
                    Overwrite(mutant, at, near + random.Next(-2, 3), sizeof(long));
                    break;
            }
        }

        return random.Next(10) switch
        {
            0 => mutant[..random.Next(mutant.Length + 1)],
            1 => [.. mutant, .. mutant.AsSpan(0, random.Next(Math.Min(64, mutant.Length)))],
            _ => mutant,
        };
    }

    /// <summary>Fails unless an error is one that a caller is meant to see.</summary>
    public static bool IsClear(Exception error) => error is LambdaCoreException && error.Message.Length > 20;

    private static void Overwrite(byte[] bytes, int at, long value, int width)
    {
        Span<byte> number = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(number, value);
        number[..Math.Min(width, bytes.Length - at)].CopyTo(bytes.AsSpan(at));
    }
}
