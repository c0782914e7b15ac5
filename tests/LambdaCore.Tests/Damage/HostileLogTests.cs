using System.Buffers.Binary;
using LambdaCore.CrashHost;
using LambdaCore.Log;
using LambdaCore.Storage;
using LambdaCore.Tests.Log;
using LambdaCore.Tests.Values;
using LambdaCore.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Damage;

/// <summary>Write-ahead files that somebody made on purpose, with checksums that are right: opening, decoding and salvaging come to an end, take no memory for what cannot be there, and fail clearly.</summary>
[TestFixture]
internal sealed class HostileLogTests
{
    private static readonly EventSchema Schema = EventSchema.Of(typeof(AllKinds));
    private static readonly EventCodec<AllKinds> Codec = new(Schema, Schema.Properties.Single(p => p.Name == nameof(AllKinds.At)));

    [Test]
    public void A_hostile_write_ahead_file_is_refused_clearly_or_read()
    {
        Random random = Seed.Random(out int seed);
        SortedDictionary<string, byte[]> healthy = Files(random);
        string[] names = [.. healthy.Keys];
        int mutants = HostileBytes.Count(40_000);
        int refused = 0;
        int salvaged = 0;
        for (int i = 0; i < mutants; i++)
        {
            string name = names[random.Next(names.Length)];
            byte[] mutant = Resealed(HostileBytes.Mutate(Used(healthy[name]), random), healthy[name]);
            SortedDictionary<string, byte[]> files = new(healthy, StringComparer.Ordinal) { [name] = mutant };
            using InMemoryStorage storage = LogScene.StorageWith(files);
            string where = $"seed {seed}, mutant {i} of {name}";
            refused += Clear(() => Read(storage), where);
            using InMemoryStorage same = LogScene.StorageWith(files);
            salvaged += 1 - Clear(() => SalvagedGroups.Of(same, LogScene.StoreId, LogPosition.Zero, []), where);
        }

        TestContext.Out.WriteLine($"{mutants} mutants, {refused} refused, {salvaged} salvaged");
        Assert.That(refused, Is.InRange(mutants / 10, mutants - 1), "some are refused, and some are not, so the checksums are right");
        Assert.That(salvaged, Is.GreaterThan(mutants / 2));
    }

    [Test]
    public void A_hostile_group_is_refused_clearly_or_decoded()
    {
        Random random = Seed.Random(out int seed);
        AllKinds[] events = [.. Enumerable.Range(0, 12).Select(i => AllKinds.Random(random, i))];
        byte[] healthy = PayloadOf(events);
        int mutants = HostileBytes.Count(60_000);
        int refused = 0;
        for (int i = 0; i < mutants; i++)
        {
            byte[] mutant = HostileBytes.Mutate(healthy, random);
            if (mutant.Length >= sizeof(ulong))
            {
                BinaryPrimitives.WriteUInt64LittleEndian(mutant, Codec.Fingerprint);
            }

            int count = random.Next(4) == 0 ? random.Next(3) switch { 0 => int.MaxValue, 1 => 1, _ => random.Next(1, 40) } : events.Length;
            using InMemoryStorage storage = new();
            using WriteAheadLog log = LogScene.Open(storage);
            log.Append(log.End, count, 1, mutant);
            refused += Clear(() => Decode(log), $"seed {seed}, mutant {i}");
        }

        TestContext.Out.WriteLine($"{mutants} mutants, {refused} refused");
        Assert.That(refused, Is.InRange(mutants / 10, mutants - 1));
    }

    private static void Read(InMemoryStorage storage)
    {
        using WriteAheadLog log = LogScene.Open(storage);
        Decode(log);
    }

    private static void Decode(WriteAheadLog log)
    {
        using FrameDecoder<AllKinds> frames = new(log.Read(new LogRange(log.Start, log.End)), Codec);
        while (frames.MoveNext())
        {
        }
    }

    private static int Clear(Action read, string where)
    {
        try
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            read();
            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(64 << 20), $"{where}: memory for what is not there");
            return 0;
        }
        catch (Exception error) when (error is not (AssertionException or NUnit.Framework.Internal.NUnitException))
        {
            Assert.That(HostileBytes.IsClear(error), Is.True, $"{where}: {error}");
            return 1;
        }
    }

    private static SortedDictionary<string, byte[]> Files(Random random)
    {
        using InMemoryStorage storage = new();
        using (WriteAheadLog log = LogScene.Open(storage))
        {
            for (int i = 0; i < 9; i++)
            {
                AllKinds[] events = [.. Enumerable.Range(0, random.Next(1, 6)).Select(n => AllKinds.Random(random, n))];
                log.Append(log.End, events.Length, 1, PayloadOf(events));
                log.Flush();
            }

            log.Close();
        }

        return LogScene.FilesOf(storage);
    }

    private static byte[] PayloadOf(AllKinds[] events)
    {
        ByteWriter payload = new();
        GroupPayload.Begin(payload, Codec.Fingerprint);
        foreach (AllKinds e in events)
        {
            Codec.Encode(e, payload);
        }

        GroupPayload.Complete(payload, new GroupNotes(new GroupTimes(5, 1, 1, 10, [new JudgedEvent(0, Verdict.Rejected, 7)]), [new ProducerMark("source", 9)]));
        return payload.Written.ToArray();
    }

    /// <summary>Without most of what was only reserved, so that changes hit something.</summary>
    private static byte[] Used(byte[] content) => content[..Math.Min(content.Length, ((content.AsSpan().LastIndexOfAnyExcept((byte)0) + 8) & ~7) + 64)];

    /// <summary>Makes all checksums right that can be found, and the file as long as it was.</summary>
    private static byte[] Resealed(byte[] mutant, byte[] healthy)
    {
        byte[] content = new byte[Math.Max(healthy.Length, mutant.Length)];
        mutant.CopyTo(content, 0);
        BinaryPrimitives.WriteUInt32LittleEndian(content.AsSpan(60), Crc32C.Of(content.AsSpan(0, 60)));
        uint seed = BinaryPrimitives.ReadUInt32LittleEndian(content.AsSpan(60));
        for (int at = 64; at + 48 <= content.Length && BinaryPrimitives.ReadUInt32LittleEndian(content.AsSpan(at)) != 0;)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(content.AsSpan(at + 40));
            long whole = WriteAheadFormat.FrameLength(length);
            if (length >= 0 && at + whole <= content.Length)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(content.AsSpan(at + 4), Crc32C.Of(content.AsSpan(at + 48, (int)whole - 48), seed));
            }

            BinaryPrimitives.WriteUInt32LittleEndian(content.AsSpan(at + 44), Crc32C.Of(content.AsSpan(at, 44), seed));
            at = length >= 0 && at + whole <= content.Length ? at + (int)whole : content.Length;
        }

        return content;
    }
}
