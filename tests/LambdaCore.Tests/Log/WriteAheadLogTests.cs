using LambdaCore.Log;
using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.Log;

[TestFixture]
internal sealed class WriteAheadLogTests
{
    private static readonly Guid StoreId = new("5f0c1c38-92f3-4bb1-a8d5-3a5b3a5c8c11");
    private static readonly WriteAheadLogOptions Small = new() { FileLength = 4096 };

    private string _folder = "";

    [SetUp]
    public void CreateFolder() => _folder = Directory.CreateTempSubdirectory("lambdacore-wal-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void What_was_appended_is_read_back_over_many_files_and_after_reopening()
    {
        var storage = new PhysicalStorage(_folder);
        using (WriteAheadLog log = WriteAheadLog.Open(storage, StoreId, LogPosition.Zero, Small))
        {
            for (int group = 0; group < 100; group++)
            {
                log.Append(log.End, 3, group, new byte[group * 20].AsSpan());
            }

            log.Close();
        }

        using WriteAheadLog reopened = WriteAheadLog.Open(storage, StoreId, LogPosition.Zero, Small);
        Assert.That(reopened.End, Is.EqualTo(new LogPosition(300)));
        using WriteAheadReader reader = reopened.Read(new LogRange(new LogPosition(31), new LogPosition(200)));
        long expected = 30;
        while (reader.TryRead(out WriteAheadFrame frame))
        {
            Assert.Multiple(() =>
            {
                Assert.That(frame.First.Value, Is.EqualTo(expected));
                Assert.That(frame.Payload.Length, Is.EqualTo(expected / 3 * 20));
                Assert.That(frame.IngestedAtMicroseconds, Is.EqualTo(expected / 3));
            });
            expected += 3;
        }

        Assert.That(expected, Is.EqualTo(201));
    }
}
