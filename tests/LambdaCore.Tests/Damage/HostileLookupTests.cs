using System.Buffers.Binary;
using LambdaCore.Batch;
using LambdaCore.CrashHost;
using LambdaCore.Storage;
using LambdaCore.Tests.Batch;
using LambdaCore.Tests.Values;
using LambdaCore.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Damage;

/// <summary>Lookup files that somebody made on purpose, with checksums that are right: reading them stays within the file, comes to an end, and fails clearly.</summary>
[TestFixture]
internal sealed class HostileLookupTests
{
    private const int FooterLength = 124;

    [Test]
    public void Reading_a_hostile_lookup_file_stays_within_it()
    {
        Random random = Seed.Random(out int seed);
        SortedDictionary<byte[], byte[]> rows = LookupScene.NewOracle();
        for (byte row = 0; row < 40; row++)
        {
            rows[[row, (byte)(row * 7)]] = LookupScene.RandomBytes(random, row % 9);
        }

        byte[] healthy = LookupScene.Write(rows);
        using GuardedMemory memory = new(healthy.Length * 2);
        int refused = 0;
        int mutants = HostileBytes.Count(80_000);
        for (int i = 0; i < mutants; i++)
        {
            byte[] mutant = Resealed(HostileBytes.Mutate(healthy, random));
            try
            {
                using LookupFile lookup = LookupFile.Open(memory.File(mutant), "views/v/1.lookup", LookupScene.View, LookupScene.Covered);
                foreach (byte[] key in rows.Keys)
                {
                    _ = LookupScene.Get(lookup, key);
                }

                _ = LookupScene.Scan(lookup, [3], [30]);
                Assert.That(LookupScene.Scan(lookup, null, null), Has.Count.LessThan(mutant.Length), $"seed {seed}, mutant {i}");
                _ = lookup.CountOf([9], null);
                lookup.VerifyAll();
            }
            catch (Exception error)
            {
                Assert.That(HostileBytes.IsClear(error), Is.True, $"seed {seed}, mutant {i}: {error}");
                refused++;
            }
        }

        TestContext.Out.WriteLine($"{mutants} mutants, {refused} refused");
        Assert.That(refused, Is.InRange(mutants / 20, mutants - 1), "some are refused, and some are not, so the checksums are right");
    }

    [Test]
    public void The_first_row_is_found_even_if_its_hash_ends_in_zeros()
    {
        byte[] key = new byte[4];
        for (uint i = 0; (XxHash64.Hash(key) & 0xFFFFFF) != 0; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(key, i);
        }

        SortedDictionary<byte[], byte[]> rows = LookupScene.NewOracle();
        rows[key] = [1, 2, 3];
        using LookupFile lookup = LookupScene.Open(LookupScene.Write(rows));
        Assert.That(LookupScene.Get(lookup, key), Is.EqualTo("010203"));
    }

    /// <summary>Makes all checksums right that can be found.</summary>
    private static byte[] Resealed(byte[] content)
    {
        if (content.Length < FooterLength)
        {
            return content;
        }

        Span<byte> footer = content.AsSpan(content.Length - FooterLength);
        long indexOffset = BinaryPrimitives.ReadInt64LittleEndian(footer[88..]);
        long indexCount = BinaryPrimitives.ReadInt64LittleEndian(footer[96..]);
        long checksums = unchecked(indexOffset + (indexCount * LookupFooter.IndexEntryLength));
        long end = content.Length - FooterLength;
        if (checksums >= 0 && checksums <= end)
        {
            for (long block = 0; block << LookupFooter.BlockShift < checksums && checksums + (block * 4) + 4 <= end; block++)
            {
                int start = (int)(block << LookupFooter.BlockShift);
                uint crc = Crc32C.Of(content.AsSpan(start, (int)Math.Min(LookupFooter.BlockLength, checksums - start)));
                BinaryPrimitives.WriteUInt32LittleEndian(content.AsSpan((int)(checksums + (block * 4))), crc);
            }

            BinaryPrimitives.WriteUInt32LittleEndian(footer[104..], Crc32C.Of(content.AsSpan((int)checksums, (int)(end - checksums))));
        }

        BinaryPrimitives.WriteUInt32LittleEndian(footer[112..], Crc32C.Of(footer[..112]));
        return content;
    }
}
