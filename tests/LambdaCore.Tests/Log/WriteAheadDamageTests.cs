using System.Buffers.Binary;
using LambdaCore.Log;
using LambdaCore.Storage;
using NUnit.Framework;
using static LambdaCore.Tests.Log.LogScene;

namespace LambdaCore.Tests.Log;

/// <summary>Files that changed under a closed or killed log: found, or harmless; never wrong data.</summary>
[TestFixture]
internal sealed class WriteAheadDamageTests
{
    private List<Group> _groups = null!;
    private long _durableEnd;

    [Test]
    public void A_flipped_bit_in_a_cleanly_closed_log_is_found_or_does_no_harm()
    {
        SortedDictionary<string, byte[]> files = MakeLog(closed: true);
        int refused = 0;
        FlipEveryByte(files, (storage, where) =>
        {
            if (Refuses(storage, out WriteAheadLog? log))
            {
                refused++;
                return;
            }

            using (log)
            {
                AssertSame(ReadAll(log!), _groups, where);
            }
        });
        Assert.That(refused, Is.GreaterThan(_groups.Sum(group => group.Payload.Length)));
    }

    [Test]
    public void A_flipped_bit_in_a_killed_log_is_found_or_cuts_only_what_was_not_acknowledged()
    {
        SortedDictionary<string, byte[]> files = MakeLog(closed: false);
        int cut = 0;
        int refused = 0;
        FlipEveryByte(files, (storage, where) =>
        {
            if (Refuses(storage, out WriteAheadLog? log))
            {
                refused++;
                return;
            }

            using (log)
            {
                Assert.That(log!.End.Value, Is.GreaterThanOrEqualTo(_durableEnd), where);
                List<Group> read = ReadAll(log);
                AssertSame(read, _groups[..read.Count], where);
                cut += _groups.Count - read.Count;
            }
        });
        Assert.Multiple(() =>
        {
            Assert.That(refused, Is.GreaterThan(1000));
            Assert.That(cut, Is.EqualTo(WriteAheadFormat.FrameLength(_groups[^1].Payload.Length)), "every byte of the last group, and nothing else");
        });
    }

    [Test]
    public void A_file_that_was_cut_short_is_found()
    {
        SortedDictionary<string, byte[]> files = MakeLog(closed: true);
        foreach ((string name, byte[] content) in files.ToArray())
        {
            // Nothing at all is what a crash leaves of the newest file, if the file before does not say otherwise.
            for (int length = 0; length < content.Length; length++)
            {
                files[name] = content[..length];
                using InMemoryStorage storage = StorageWith(files);
                Assert.That(Refuses(storage, out _), Is.True, $"{name} cut to {length} bytes");
            }

            files[name] = content;
        }
    }

    [Test]
    public void A_file_that_is_missing_is_found_and_named_and_nothing_is_touched()
    {
        SortedDictionary<string, byte[]> files = MakeLog(closed: false);
        Assert.That(files, Has.Count.GreaterThan(3));
        foreach (string missing in files.Keys)
        {
            using InMemoryStorage storage = StorageWith(files.Where(file => file.Key != missing));
            Assert.That(() => Open(storage), Throws.InstanceOf<LogCorruptException>().With.Message.Contains(missing));
            Assert.That(FilesOf(storage), Is.EqualTo(files.Where(file => file.Key != missing)));
        }
    }

    [Test]
    public void A_file_that_goes_on_into_the_next_one_is_found()
    {
        using InMemoryStorage storage = new();
        List<Group> groups = [];
        using (WriteAheadLog log = WriteAheadLog.Open(storage, StoreId, LogPosition.Zero, Small))
        {
            for (int i = 0; i < 4; i++)
            {
                groups.Add(Append(log, 2, 100));
            }

            log.Close();
        }

        // As it comes about where somebody puts back a file from a copy that was made later.
        using InMemoryStorage other = new();
        using (WriteAheadLog log = WriteAheadLog.Open(other, StoreId, new LogPosition(4), Small))
        {
            Append(log, 2, 100);
            log.Close();
        }

        string next = other.List("wal").Single();
        storage.PublishNew($"wal/{next}", other.ReadAll($"wal/{next}"));
        Assert.That(
            () => Open(storage),
            Throws.InstanceOf<LogCorruptException>().With.Message.Contains("goes on into the one that begins at position 4").And.Property(nameof(LogCorruptException.Lost)).EqualTo(new LogRange(new LogPosition(4), new LogPosition(8))));
    }

    [Test]
    public void A_file_that_is_missing_below_the_sealed_end_does_not_matter()
    {
        SortedDictionary<string, byte[]> files = MakeLog(closed: false);
        string first = files.Keys.First();
        long sealedEnd = long.Parse(files.Keys.ElementAt(1)[..20], null);
        using InMemoryStorage storage = StorageWith(files.Where(file => file.Key != first));
        using WriteAheadLog log = Open(storage, sealedEnd);
        AssertSame(ReadAll(log), [.. _groups.Where(group => group.Start >= sealedEnd)], "what is not sealed");
    }

    [Test]
    public void Files_that_are_sealed_entirely_are_deleted_even_if_damaged()
    {
        SortedDictionary<string, byte[]> files = MakeLog(closed: false);
        files[files.Keys.First()][0] ^= 1;
        files[files.Keys.ElementAt(1)][200] ^= 1;
        long sealedEnd = long.Parse(files.Keys.ElementAt(2)[..20], null);
        using InMemoryStorage storage = StorageWith(files);
        Assert.That(() => Open(storage, sealedEnd - 1), Throws.InstanceOf<LogCorruptException>());
        using WriteAheadLog log = Open(storage, sealedEnd);
        Assert.That(storage.List("wal"), Is.EqualTo(files.Keys.Skip(2)));
    }

    [Test]
    public void Damage_is_reported_with_the_file_the_place_and_the_positions_that_are_lost()
    {
        SortedDictionary<string, byte[]> files = MakeLog(closed: true);
        string last = files.Keys.Last();
        files[last][WriteAheadFormat.FileHeaderLength + 60] ^= 1;
        long start = long.Parse(last[..20], null);
        using InMemoryStorage storage = StorageWith(files);
        LogCorruptException error = Assert.Throws<LogCorruptException>(() => Open(storage));
        Assert.Multiple(() =>
        {
            Assert.That(error.Message, Does.Contain($"wal/{last}").And.Contain("byte 64").And.Contain($"[{start},{_groups[^1].End})"));
            Assert.That(error.Lost, Is.EqualTo(new LogRange(new LogPosition(start), new LogPosition(_groups[^1].End))));
            Assert.That(FilesOf(storage), Is.EqualTo(files), "a log that is refused is left as it was");
        });
    }

    [Test]
    public void A_running_reader_finds_damage()
    {
        using InMemoryStorage storage = StorageWith(MakeLog(closed: true));
        using WriteAheadLog log = Open(storage);
        using (IStorageFile file = storage.Open($"wal/{storage.List("wal")[0]}", FileAccess.ReadWrite))
        {
            file.Write(WriteAheadFormat.FileHeaderLength + 60, [0xAA, 0xBB]);
        }

        Assert.That(() => ReadAll(log), Throws.InstanceOf<LogCorruptException>());
    }

    [Test]
    public void Another_stores_log_is_refused_and_left_alone()
    {
        SortedDictionary<string, byte[]> files = MakeLog(closed: true);
        using InMemoryStorage storage = StorageWith(files);
        var other = new Guid("11111111-2222-3333-4444-555555555555");
        Assert.That(
            () => WriteAheadLog.Open(storage, other, new LogPosition(1000), Small),
            Throws.InstanceOf<LambdaCoreException>().With.Message.Contains(StoreId.ToString()).And.Message.Contains(other.ToString()));
        Assert.That(FilesOf(storage), Is.EqualTo(files));
    }

    [Test]
    public void A_later_format_is_refused_by_its_number()
    {
        SortedDictionary<string, byte[]> files = MakeLog(closed: true);
        byte[] header = files.Values.Last();
        header[8] = 7;
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(60), Crc32C.Of(header.AsSpan(0, 60)));
        using InMemoryStorage storage = StorageWith(files);
        Assert.That(() => Open(storage), Throws.InstanceOf<LambdaCoreException>().With.Message.Contains("format version 7"));
    }

    [TestCase(0)]
    [TestCase(100)]
    [TestCase(4096)]
    public void A_newest_file_of_zeros_is_what_a_crash_leaves_and_is_made_anew(int length)
    {
        using InMemoryStorage storage = StorageWith([new("00000000000000000007.wal", new byte[length])]);
        using WriteAheadLog log = Open(storage, 7);
        Group group = Append(log, 1, 10);
        log.Close();
        using InMemoryStorage after = storage.Crash(new Random(length));
        using WriteAheadLog reopened = Open(after, 7);
        AssertSame(ReadAll(reopened), [group], "appended to the new file");
    }

    [Test]
    public void Files_that_are_not_of_the_log_are_ignored()
    {
        SortedDictionary<string, byte[]> files = MakeLog(closed: true);
        files["readme.txt"] = [1, 2, 3];
        files["00000000000000000001.wal.bak"] = [];
        using InMemoryStorage storage = StorageWith(files);
        using WriteAheadLog log = Open(storage);
        AssertSame(ReadAll(log), _groups, "beside stray files");
        Assert.That(storage.Exists("wal/readme.txt"), Is.True);
    }

    /// <summary>A log over several files; killed, its last group is not flushed.</summary>
    private SortedDictionary<string, byte[]> MakeLog(bool closed)
    {
        using var storage = new InMemoryStorage();
        using WriteAheadLog log = Open(storage);
        _groups = [];
        for (int group = 0; group < 16; group++)
        {
            _groups.Add(Append(log, 2, 600 + (group * 31)));
            log.Flush();
        }

        _durableEnd = log.DurableEnd.Value;
        if (closed)
        {
            log.Close();
        }
        else
        {
            _groups.Add(Append(log, 2, 203));
        }

        return FilesOf(storage);
    }

    private static void FlipEveryByte(SortedDictionary<string, byte[]> files, Action<InMemoryStorage, string> check)
    {
        foreach ((string name, byte[] content) in files)
        {
            for (int offset = 0; offset < content.Length; offset++)
            {
                byte flip = (byte)(1 << (offset % 8));
                content[offset] ^= flip;
                using (InMemoryStorage storage = StorageWith(files))
                {
                    check(storage, $"bit of {flip} at byte {offset} of {name}");
                }

                content[offset] ^= flip;
            }
        }
    }

    private static bool Refuses(InMemoryStorage storage, out WriteAheadLog? log)
    {
        try
        {
            log = Open(storage);
            return false;
        }
        catch (LogCorruptException)
        {
            log = null;
            return true;
        }
    }
}
