using LambdaCore.Log;
using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.Log;

/// <summary>What else than the log itself does to its files, while it has them.</summary>
[TestFixture]
internal sealed class WriteAheadStrangersTests
{
    [Test]
    public void A_file_that_becomes_shorter_while_it_is_read_is_told_of_and_no_garbage_is_read()
    {
        WriteAheadScanner scanner = new(new Shortened("wal/x.wal", length: 4096, left: 70), seed: 0);
        Assert.That(
            () => scanner.TryRead(WriteAheadFormat.FileHeaderLength, out _),
            Throws.InstanceOf<StorageException>().With.Message.Contains("'wal/x.wal' became shorter").And.Message.Contains("48 bytes were expected at 64, 6 were there"));
    }

    [Test]
    public void Erasing_takes_files_that_the_log_does_not_know_and_keeps_those_with_events_that_are_not_sealed()
    {
        using InMemoryStorage storage = new();
        using WriteAheadLog log = LogScene.Open(storage);
        List<LogScene.Group> groups = [];
        while (log.Start == LogPosition.Zero && storage.List("wal").Count < 3)
        {
            groups.Add(LogScene.Append(log, 2, 500));
            log.Flush();
        }

        storage.PublishNew("wal/copy of something.wal", [1, 2, 3]);
        LogScene.Group kept = groups[^1];
        log.DeleteBefore(new LogPosition(kept.Start));

        Assert.That(storage.Exists("wal/copy of something.wal"), Is.False);
        LogScene.AssertSame(LogScene.ReadAll(log, kept.Start, kept.End), [kept], "what is not sealed");
    }

    private sealed class Shortened(string path, long length, int left) : IStorageFile
    {
        public string Path => path;

        public long Length => length;

        public int Read(long offset, Span<byte> buffer) => (int)Math.Clamp(left - offset, 0, buffer.Length);

        public void Write(long offset, ReadOnlySpan<byte> bytes) => throw new InvalidOperationException();

        public void Flush() => throw new InvalidOperationException();

        public void Dispose()
        {
        }
    }
}
