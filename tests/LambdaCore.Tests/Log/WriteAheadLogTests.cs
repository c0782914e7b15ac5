using LambdaCore.Log;
using LambdaCore.Storage;
using LambdaCore.Tests.Storage;
using NUnit.Framework;
using static LambdaCore.Tests.Log.LogScene;

namespace LambdaCore.Tests.Log;

[TestFixture]
internal sealed class WriteAheadLogTests
{
    private InMemoryStorage _storage = null!;

    [SetUp]
    public void CreateStorage() => _storage = new InMemoryStorage();

    [TearDown]
    public void DisposeStorage() => _storage.Dispose();

    [Test]
    public void What_was_appended_is_read_back_over_many_files_and_after_reopening()
    {
        var appended = new List<Group>();
        using (WriteAheadLog log = Open(_storage))
        {
            for (int group = 0; group < 100; group++)
            {
                appended.Add(Append(log, 3, group * 7));
            }

            appended.Add(Append(log, 1, 100_000));
            AssertSame(ReadAll(log), appended, "before it was closed");
            log.Close();
        }

        using WriteAheadLog reopened = Open(_storage);
        Assert.That(reopened.End.Value, Is.EqualTo(301));
        AssertSame(ReadAll(reopened), appended, "after reopening");
        AssertSame(ReadAll(reopened, 31, 62), appended[10..21], "groups that reach into the range come whole");
        AssertSame(ReadAll(reopened, 30, 30), [], "an empty range has no groups");
    }

    [Test]
    public void The_durable_end_follows_flushes_and_not_appends()
    {
        using WriteAheadLog log = Open(_storage);
        Append(log, 2, 10);
        Assert.That((log.DurableEnd.Value, log.End.Value), Is.EqualTo((0L, 2L)));
        log.Flush();
        Assert.That((log.DurableEnd.Value, log.End.Value), Is.EqualTo((2L, 2L)));
    }

    [Test]
    public void Each_flush_syncs_once_and_a_flush_of_nothing_does_not()
    {
        using WriteAheadLog log = Open(_storage);
        long before = _storage.CountOf(StorageOperation.Flush);
        Append(log, 1, 10);
        Append(log, 1, 10);
        log.Flush();
        log.Flush();
        Assert.That(_storage.CountOf(StorageOperation.Flush) - before, Is.EqualTo(1));
    }

    [Test]
    public void Only_the_next_position_can_be_appended_and_a_wrong_one_does_no_harm()
    {
        using WriteAheadLog log = Open(_storage);
        Append(log, 2, 10);
        Assert.Multiple(() =>
        {
            Assert.That(() => log.Append(new LogPosition(3), 1, 0, [1]), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => log.Append(new LogPosition(1), 1, 0, [1]), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => log.Append(new LogPosition(2), 0, 0, [1]), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => log.Read(new LogRange(LogPosition.Zero, new LogPosition(3))), Throws.InstanceOf<ArgumentOutOfRangeException>());
        });
        Append(log, 1, 10);
        Assert.That(ReadAll(log), Has.Count.EqualTo(2));
    }

    [Test]
    public void Truncation_deletes_the_files_that_are_sealed_entirely_and_no_others()
    {
        using WriteAheadLog log = Open(_storage);
        List<Group> appended = [.. Enumerable.Range(0, 40).Select(_ => Append(log, 1, 1000))];
        long[] starts = [.. _storage.List("wal").Select(name => long.Parse(name[..20], null))];
        Assert.That(starts, Has.Length.GreaterThan(5));
        log.TruncateBefore(new LogPosition(starts[3] - 1));
        Assert.That(log.Start.Value, Is.EqualTo(starts[2]));
        log.TruncateBefore(new LogPosition(starts[3]));
        Assert.Multiple(() =>
        {
            Assert.That(log.Start.Value, Is.EqualTo(starts[3]));
            Assert.That(_storage.List("wal"), Has.Count.EqualTo(starts.Length - 3));
            Assert.That(() => ReadAll(log, starts[3] - 1, 40), Throws.InstanceOf<ArgumentOutOfRangeException>());
        });
        log.TruncateBefore(log.End);
        Assert.That(_storage.List("wal"), Has.Count.EqualTo(1), "the last file stays");
        AssertSame(ReadAll(log), appended[(int)log.Start.Value..], "what was kept");
    }

    [TestCase(StorageOperation.Write)]
    [TestCase(StorageOperation.Flush)]
    public void The_first_failure_poisons_the_log_for_good(StorageOperation failing)
    {
        using WriteAheadLog log = Open(_storage);
        Append(log, 1, 10);
        log.Flush();
        var cause = new StorageException("the disk is on fire");
        _storage.BeforeCall = call =>
        {
            if (call.Operation == failing)
            {
                throw cause;
            }
        };
        Assert.That(
            () =>
            {
                Append(log, 1, 10);
                log.Flush();
            },
            Throws.InstanceOf<LogPoisonedException>().With.InnerException.SameAs(cause)
                .And.Message.Contains("the disk is on fire").And.Message.Contains("up to position 1 are durable"));
        _storage.BeforeCall = null;
        long calls = _storage.Calls;
        Assert.Multiple(() =>
        {
            Assert.That(() => log.Append(log.End, 1, 0, [1]), Throws.InstanceOf<LogPoisonedException>().With.InnerException.SameAs(cause));
            Assert.That(log.Flush, Throws.InstanceOf<LogPoisonedException>().With.InnerException.SameAs(cause));
            Assert.That(log.Close, Throws.InstanceOf<LogPoisonedException>().With.InnerException.SameAs(cause));
            Assert.That(() => log.Read(default), Throws.InstanceOf<LogPoisonedException>().With.InnerException.SameAs(cause));
            Assert.That(() => log.TruncateBefore(default), Throws.InstanceOf<LogPoisonedException>().With.InnerException.SameAs(cause));
            Assert.That(log.DurableEnd.Value, Is.EqualTo(1));
            Assert.That(_storage.Calls, Is.EqualTo(calls), "a poisoned log leaves the disk alone");
        });
    }

    [Test]
    public void A_disposed_log_refuses_every_call()
    {
        WriteAheadLog log = Open(_storage);
        log.Dispose();
        Assert.Multiple(() =>
        {
            Assert.That(() => log.Append(default, 1, 0, [1]), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(log.Flush, Throws.InstanceOf<ObjectDisposedException>());
        });
    }

    [Test]
    public void Opening_and_closing_again_and_again_takes_no_room()
    {
        for (int round = 0; round < 200; round++)
        {
            using WriteAheadLog log = Open(_storage);
            log.Close();
        }

        using (WriteAheadLog log = Open(_storage))
        {
            Append(log, 1, 10);
        }

        for (int round = 0; round < 200; round++)
        {
            using WriteAheadLog log = Open(_storage);
        }

        Assert.That(_storage.List("wal"), Has.Count.EqualTo(1));
    }

    [Test]
    public void The_files_are_as_long_as_they_were_preallocated_whatever_is_in_them()
    {
        using WriteAheadLog log = Open(_storage);
        for (int group = 0; group < 500; group++)
        {
            Append(log, 1, group % 97 * 50);
            if (group % 10 == 0)
            {
                log.Close();
            }
        }

        Append(log, 1, 10_000);
        foreach ((string name, byte[] content) in FilesOf(_storage))
        {
            Assert.That(WriteAheadFormat.TryReadFileHeader(content, out WriteAheadFileHeader header), Is.True);
            Assert.That(content, Has.Length.EqualTo(header.FileLength), name);
        }
    }

    [Test]
    public void A_group_longer_than_a_file_may_be_the_first_of_a_log()
    {
        Group first;
        using (WriteAheadLog log = Open(_storage))
        {
            first = Append(log, 1, 100_000);
            log.Flush();
            Append(log, 1, 10);
            log.Flush();
            Assert.That(_storage.List("wal"), Has.Count.EqualTo(2));
        }

        using InMemoryStorage after = _storage.Crash(new Random(1));
        using WriteAheadLog reopened = Open(after);
        Assert.That(reopened.End.Value, Is.EqualTo(2));
        AssertSame(ReadAll(reopened, 0, 1), [first], "the long group");
    }

    [Test]
    public void Readers_follow_a_writer_through_rolled_and_truncated_files()
    {
        const int groups = 3000;
        using WriteAheadLog log = Open(_storage);
        long sealedEnd = 0;
        Task reading = Task.Run(() =>
        {
            long position = 0;
            while (position < groups)
            {
                long end = log.End.Value;
                foreach (Group group in ReadAll(log, position, end))
                {
                    Assert.That(group.Start, Is.EqualTo(position));
                    position = group.End;
                }

                Assert.That(position, Is.EqualTo(end));
                Volatile.Write(ref sealedEnd, position);
                log.TruncateBefore(new LogPosition(position));
            }
        });
        for (int group = 0; group < groups && !reading.IsFaulted; group++)
        {
            Append(log, 1, group % 500);
            if (group % 50 == 0)
            {
                Thread.Yield();
            }
        }

        reading.Wait();
        Assert.That(Volatile.Read(ref sealedEnd), Is.EqualTo(groups));
        Assert.That(log.Start.Value, Is.GreaterThan(0));
    }

    [Test]
    public void It_works_on_a_real_disk()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("lambdacore-wal-");
        try
        {
            var storage = new PhysicalStorage(folder.FullName);
            var appended = new List<Group>();
            for (int life = 0; life < 3; life++)
            {
                using WriteAheadLog log = Open(storage);
                AssertSame(ReadAll(log), appended, $"life {life}");
                for (int group = 0; group < 20; group++)
                {
                    appended.Add(Append(log, 2, group * 50));
                    log.Flush();
                }

                if (life > 0)
                {
                    log.Close();
                }
            }

            using WriteAheadLog last = Open(storage);
            AssertSame(ReadAll(last), appended, "at last");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Test]
    [Category("Linux")]
    [Platform("Linux")]
    public void A_full_disk_poisons_the_log_and_loses_nothing_that_was_flushed()
    {
        using TinyDisk disk = TinyDisk.MountOrIgnore();
        var storage = new PhysicalStorage(disk.Folder);
        var options = new WriteAheadLogOptions { FileLength = 128 * 1024 };
        var flushed = new List<Group>();
        using (WriteAheadLog log = WriteAheadLog.Open(storage, StoreId, LogPosition.Zero, options))
        {
            LogPoisonedException error = Assert.Throws<LogPoisonedException>(() =>
            {
                while (true)
                {
                    Group group = Append(log, 1, 5000);
                    log.Flush();
                    flushed.Add(group);
                }
            });
            Assert.That(error.InnerException, Is.InstanceOf<StorageException>().With.Property("IsDiskFull").True);
        }

        Assert.That(flushed, Has.Count.GreaterThan(100));
        using WriteAheadLog reopened = WriteAheadLog.Open(storage, StoreId, LogPosition.Zero, options);
        AssertSame(ReadAll(reopened), flushed, "what was flushed before the disk was full");
        reopened.TruncateBefore(reopened.End);
        for (int group = 0; group < 50; group++)
        {
            Append(reopened, 1, 5000);
        }

        Assert.That(reopened.Flush, Throws.Nothing, "there is room again");
    }
}
