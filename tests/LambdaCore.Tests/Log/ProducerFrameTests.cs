using LambdaCore.Log;
using LambdaCore.Storage;
using LambdaCore.Tests.EndToEnd;
using LambdaCore.Tests.EndToEnd.Producers;
using LambdaCore.Tests.Values;
using LambdaCore.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Log;

/// <summary>What a group's frame says of producers: what it costs, and what becomes of it when bytes change.</summary>
[TestFixture]
internal sealed class ProducerFrameTests
{
    private const int Mutants = 30_000;

    private static readonly byte[] Events = [1, 2, 3, 4, 5, 6, 7, 8];

    private static readonly GroupTimes NoTimes = GroupNotes.None.Times;
    private static readonly GroupTimes LateTimes = new(7, 1, 1, 5, [new JudgedEvent(0, Verdict.Rejected, 6)]);

    [Test]
    public void Events_without_producers_cost_no_byte_more()
    {
        Assert.That(Payload(NoTimes).Length, Is.EqualTo(GroupPayload.PrefixLength + Events.Length));
        Assert.That(Payload(NoTimes, new ProducerMark("ab", 5)).Length, Is.EqualTo(GroupPayload.PrefixLength + Events.Length + sizeof(int) + 1 + 2 + 1));
    }

    [Test]
    public void Notes_come_back_as_they_were_written()
    {
        Random random = Seed.Random(out _);
        for (int i = 0; i < 500; i++)
        {
            ProducerMark[] marks = [.. Enumerable.Range(0, random.Next(6)).Select(_ => new ProducerMark(NameOf(random), random.NextInt64(long.MaxValue) >> random.Next(63)))];
            GroupTimes times = random.Next(2) == 0 ? NoTimes : LateTimes;
            ReadOnlyMemory<byte> events = GroupPayload.Open(FrameOf(Payload(times, marks)), 42, typeof(Sourced), out GroupNotes notes);
            Assert.That(events.ToArray(), Is.EqualTo(Events));
            Assert.That(notes.Producers, Is.EqualTo(marks));
            Assert.That((notes.Times.Watermark, notes.Times.Late, notes.Times.Judged), Is.EqualTo((times.Watermark, times.Late, times.Judged)));
        }
    }

    [Test]
    public void Hostile_notes_are_refused_or_read_and_cannot_allocate_much()
    {
        Random random = Seed.Random(out int seed);
        int refused = 0;
        byte[] good = Payload(LateTimes, new ProducerMark("source", 1_000_000), new ProducerMark("ü", long.MaxValue));
        int start = GroupPayload.PrefixLength;
        for (int mutant = 0; mutant < Mutants; mutant++)
        {
            byte[] bytes = [.. good];
            for (int changes = random.Next(1, 4); changes > 0; changes--)
            {
                bytes[random.Next(4) == 0 ? 16 + random.Next(4) : random.Next(start, bytes.Length)] = (byte)(random.Next(3) == 0 ? 0xFF : random.Next(256));
            }

            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                GroupPayload.Open(FrameOf(bytes), 42, typeof(Sourced), out GroupNotes notes);
                Assert.That(notes.Producers.Select(p => p.Name.Length), Is.All.InRange(1, 255), $"seed {seed}, mutant {mutant}");
                Assert.That(notes.Producers.Select(p => p.Sequence), Is.All.GreaterThanOrEqualTo(0), $"seed {seed}, mutant {mutant}");
            }
            catch (LogCorruptException)
            {
                refused++;
            }

            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(64 << 10), $"seed {seed}, mutant {mutant}");
        }

        Assert.That(refused, Is.InRange(Mutants / 4, Mutants - 100));
    }

    [Test]
    public void A_name_of_any_length_but_the_allowed_is_refused_before_it_is_read()
    {
        foreach (uint length in new uint[] { 0, 256, 1 << 20, uint.MaxValue })
        {
            ByteWriter note = new();
            note.WriteVarint(length);
            note.WriteRaw(new byte[300]);
            byte[] bytes = note.Written.ToArray();
            Assert.That(() => ProducerMark.Read(bytes), Throws.InstanceOf<InvalidDataException>().With.Message.Contains($"{length} bytes"));
        }
    }

    [Test]
    public void A_sequence_that_no_producer_can_have_is_refused()
    {
        ByteWriter note = new();
        note.WriteString("source");
        note.WriteVarint64((ulong)long.MaxValue + 1);
        byte[] bytes = note.Written.ToArray();
        Assert.That(() => ProducerMark.Read(bytes), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("9223372036854775808"));
    }

    [Test]
    public async Task A_flipped_bit_in_the_log_is_found_or_changes_nothing_about_producers()
    {
        using InMemoryStorage disk = new();
        await using (LambdaStore<Sourced> store = Sourced.Open(disk))
        {
            await store.CreateProducer("one").AppendAsync(Sourced.Of("one", 3), 3);
            await store.CreateProducer("two").AppendAsync(Sourced.Of("two", 0, 2), firstSequence: 0);
            await store.CreateProducer("one").AppendAsync(Sourced.Of("one", 4), 4);
        }

        string name = disk.List("wal").Single();
        byte[] content = disk.ReadAll($"wal/{name}");
        int used = Array.FindLastIndex(content, b => b != 0) + 1;
        int refused = 0;
        for (int offset = 0; offset < used; offset++)
        {
            using InMemoryStorage copy = disk.Kill();
            using (IStorageFile file = copy.Open($"wal/{name}", FileAccess.ReadWrite))
            {
                file.Write(offset, [(byte)(content[offset] ^ (1 << (offset % 8)))]);
            }

            try
            {
                await using LambdaStore<Sourced> store = Sourced.Open(copy);
                Assert.That(store.Producers, Is.EqualTo(new Dictionary<string, long> { ["one"] = 4, ["two"] = 1 }), $"byte {offset}");
            }
            catch (LogCorruptException)
            {
                refused++;
            }
        }

        Assert.That(refused, Is.GreaterThan(used / 2));
    }

    [Test]
    public async Task A_sound_frame_in_which_a_producer_goes_back_is_refused()
    {
        using InMemoryStorage disk = new();
        Guid id;
        await using (LambdaStore<Sourced> store = Sourced.Open(disk))
        {
            await store.CreateProducer("one").AppendAsync(Sourced.Of("one", 3), 3);
            id = StoreInternals<Sourced>.Of(store).Log.StoreId;
        }

        EventSchema schema = EventSchema.Of(typeof(Sourced));
        EventCodec<Sourced> codec = new(schema, schema.Properties.First(p => p.Name == nameof(Sourced.At)));
        ByteWriter payload = new();
        GroupPayload.Begin(payload, codec.Fingerprint);
        codec.Encode(Sourced.Of("one", 3), payload);
        GroupPayload.Complete(payload, new GroupNotes(NoTimes, [new ProducerMark("one", 3)]));
        using (WriteAheadLog log = WriteAheadLog.Open(disk, id, LogPosition.Zero, new WriteAheadLogOptions()))
        {
            log.Append(log.End, 1, 0, payload.Written);
            log.Close();
        }

        Assert.That(() => Sourced.Open(disk), Throws.InstanceOf<LogCorruptException>().With.Message.Contains("'one' has sequence 3 in it, after 3"));
    }

    private static string NameOf(Random random) => random.Next(4) switch
    {
        0 => new string('x', random.Next(1, 256)),
        1 => new string('ü', random.Next(1, 128)),
        2 => "\0",
        _ => $"source {random.Next()}",
    };

    private static byte[] Payload(GroupTimes times, params ProducerMark[] marks)
    {
        ByteWriter payload = new();
        GroupPayload.Begin(payload, 42);
        payload.WriteRaw(Events);
        GroupPayload.Complete(payload, new GroupNotes(times, marks));
        return payload.Written.ToArray();
    }

    private static WriteAheadFrame FrameOf(byte[] payload) => new(LogPosition.Zero, 1, 0, payload);
}
