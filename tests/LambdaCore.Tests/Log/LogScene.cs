using LambdaCore.Log;
using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.Log;

/// <summary>What the tests of the write-ahead log share: small files, groups that say what they are, and raw bytes.</summary>
internal static class LogScene
{
    public static readonly Guid StoreId = new("5f0c1c38-92f3-4bb1-a8d5-3a5b3a5c8c11");
    public static readonly WriteAheadLogOptions Small = new() { FileLength = 4096 };

    public static WriteAheadLog Open(IStorage storage, long sealedEnd = 0) =>
        WriteAheadLog.Open(storage, StoreId, new LogPosition(sealedEnd), Small);

    /// <summary>The next group of a log; its payload follows from its position, length and salt.</summary>
    public static Group Next(WriteAheadLog log, int count, int length, int salt = 0) =>
        new(log.End.Value, count, Payload(log.End.Value, length, salt));

    public static void Append(WriteAheadLog log, Group group) =>
        log.Append(new LogPosition(group.Start), group.Count, group.IngestedAt, group.Payload);

    public static Group Append(WriteAheadLog log, int count, int length, int salt = 0)
    {
        Group group = Next(log, count, length, salt);
        Append(log, group);
        return group;
    }

    public static List<Group> ReadAll(WriteAheadLog log, long start, long end)
    {
        var groups = new List<Group>();
        using WriteAheadReader reader = log.Read(new LogRange(new LogPosition(start), new LogPosition(end)));
        while (reader.TryRead(out WriteAheadFrame frame))
        {
            var group = new Group(frame.First.Value, frame.Count, frame.Payload.ToArray());
            Assert.That(frame.IngestedAtMicroseconds, Is.EqualTo(group.IngestedAt));
            groups.Add(group);
        }

        return groups;
    }

    public static List<Group> ReadAll(WriteAheadLog log) => ReadAll(log, log.Start.Value, log.End.Value);

    public static void AssertSame(IReadOnlyList<Group> actual, IReadOnlyList<Group> expected, string because)
    {
        Assert.That(actual, Has.Count.EqualTo(expected.Count), because);
        for (int index = 0; index < actual.Count; index++)
        {
            Assert.That(actual[index].Start, Is.EqualTo(expected[index].Start), because);
            Assert.That(actual[index].Count, Is.EqualTo(expected[index].Count), because);
            Assert.That(actual[index].Payload.AsSpan().SequenceEqual(expected[index].Payload), Is.True, $"{because}: payload at {actual[index].Start}");
        }
    }

    /// <summary>The files of the log as they are.</summary>
    public static SortedDictionary<string, byte[]> FilesOf(IStorage storage)
    {
        var files = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (string name in storage.List("wal"))
        {
            files[name] = storage.ReadAll($"wal/{name}");
        }

        return files;
    }

    /// <summary>A storage that holds just these files, durably.</summary>
    public static InMemoryStorage StorageWith(IEnumerable<KeyValuePair<string, byte[]>> files)
    {
        var storage = new InMemoryStorage();
        storage.CreateFolder("wal");
        foreach ((string name, byte[] content) in files)
        {
            storage.PublishNew($"wal/{name}", content);
        }

        return storage;
    }

    private static byte[] Payload(long position, int length, int salt)
    {
        byte[] payload = new byte[length];
        // Not HashCode, which is another in each process.
        new Random(unchecked((int)((position * 486_187_739) + (length * 16_777_619L) + salt))).NextBytes(payload);
        return payload;
    }

    public sealed record Group(long Start, int Count, byte[] Payload)
    {
        public long End => Start + Count;

        public long IngestedAt => 1_700_000_000_000_000 + Start;
    }
}
