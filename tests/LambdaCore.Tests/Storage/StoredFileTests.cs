using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.Storage;

/// <summary>A copy of a published file is there whole or not at all, and nothing stays aside.</summary>
[TestFixture]
internal sealed class StoredFileTests
{
    private string _folder = "";

    [SetUp]
    public void CreateFolder() => _folder = Directory.CreateTempSubdirectory("lambdacore-copies-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void A_copy_has_the_same_content_and_what_is_copied_stays()
    {
        PhysicalStorage storage = Store();
        StoredFile.Copy(storage, "a", "f/b");
        Assert.That((storage.ReadAll("a"), storage.ReadAll("f/b")), Is.EqualTo((new byte[] { 1, 2 }, new byte[] { 1, 2 })));
        Assert.That(Directory.GetFileSystemEntries(storage.ScratchFolder), Is.Empty);
    }

    [Test]
    public void A_copy_never_replaces_a_file()
    {
        PhysicalStorage storage = Store();
        storage.PublishNew("f/b", [3]);
        Assert.That(() => StoredFile.Copy(storage, "a", "f/b"), Throws.InstanceOf<StorageConflictException>().With.Message.Contains("f/b"));
        Assert.That(storage.ReadAll("f/b"), Is.EqualTo(new byte[] { 3 }));
        Assert.That(Directory.GetFileSystemEntries(storage.ScratchFolder), Is.Empty);
    }

    [Test]
    public void What_cannot_be_copied_is_named()
    {
        PhysicalStorage storage = Store();
        Assert.That(() => StoredFile.Copy(storage, "gone", "f/b"), Throws.InstanceOf<StorageException>().With.Message.Contains("copy of 'gone'"));
        Assert.That(storage.Exists("f/b"), Is.False);
        Assert.That(Directory.GetFileSystemEntries(storage.ScratchFolder), Is.Empty);
    }

    private PhysicalStorage Store()
    {
        PhysicalStorage storage = new(_folder);
        storage.CreateFolder("f");
        storage.PublishNew("a", [1, 2]);
        return storage;
    }
}
