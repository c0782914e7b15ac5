using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.Storage;

[TestFixture]
internal sealed class ScratchFileTests
{
    [Test]
    public void What_was_appended_can_be_read_back_and_is_the_file()
    {
        using var storage = new InMemoryStorage();
        string path = storage.NewScratchPath(".part");
        using (var file = new ScratchFile(path))
        {
            file.Append([1, 2, 3]);
            file.Append([]);
            file.Append([4, 5]);
            byte[] read = new byte[3];
            file.Read(1, read);
            Assert.That(read, Is.EqualTo(new byte[] { 2, 3, 4 }));
            Assert.That(file.Length, Is.EqualTo(5));
            Assert.That(() => file.Read(3, read), Throws.InstanceOf<ArgumentOutOfRangeException>());
        }

        Assert.That(File.ReadAllBytes(path), Is.EqualTo(new byte[] { 1, 2, 3, 4, 5 }));
    }

    [Test]
    public void A_temporary_file_goes_when_it_is_closed_and_a_deleted_one_at_once()
    {
        using var storage = new InMemoryStorage();
        using (var temporary = new ScratchFile(storage.NewScratchPath(".part"), isTemporary: true))
        {
            temporary.Append([1]);
        }

        using (var deleted = new ScratchFile(storage.NewScratchPath(".part")))
        {
            deleted.Delete();
        }

        Assert.That(Directory.GetFiles(storage.ScratchFolder), Is.Empty);
    }

    [Test]
    public void A_path_that_a_file_has_is_refused_by_name()
    {
        using var storage = new InMemoryStorage();
        string path = storage.NewScratchPath(".part");
        File.WriteAllBytes(path, [1]);
        Assert.That(() => new ScratchFile(path), Throws.InstanceOf<StorageException>().With.Message.Contains(path));
    }
}
