using LambdaCore.Storage;
using NUnit.Framework;
using static LambdaCore.Tests.Storage.RefusedCalls;

namespace LambdaCore.Tests.Storage;

/// <summary>What the system refuses is told with operation, path and error, and leaves nothing behind that was not there.</summary>
[TestFixture]
[Category("Linux")]
[Platform("Linux")]
internal sealed class RefusedCallTests
{
    private string _folder = "";
    private PhysicalStorage _storage = null!;

    private string CopyTarget => Path.Combine(_folder, "copy");

    [SetUp]
    public void CreateFolder()
    {
        _folder = Directory.CreateTempSubdirectory("lambdacore-refused-").FullName;
        _storage = new PhysicalStorage(Path.Combine(_folder, "store"));
        _storage.CreateFolder("f");
        _storage.PublishNew("f/a", [1, 2, 3]);
    }

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void A_flush_of_a_file_that_fails_is_told()
    {
        using IStorageFile file = _storage.Open("f/a", FileAccess.ReadWrite);
        Run(() => AssertFails(file.Flush, "flush", "f/a", "EIO"), ("fdatasync", Eio));
        Assert.That(file.Flush, Throws.Nothing);
    }

    [Test]
    public void What_cannot_be_flushed_is_not_published_and_leaves_nothing_aside()
    {
        Run(() => AssertFails(() => _storage.PublishNew("f/b", [4]), "flush", "scratch", "EIO"), ("fsync", Eio));
        Run(() => AssertFails(() => _storage.FlushFolder("f"), "flush of the folder", "store/f", "EIO"), ("fsync", Eio));
        Assert.That(_storage.List("f"), Is.EqualTo(new[] { "a" }));
        Assert.That(Directory.GetFiles(_storage.ScratchFolder), Is.Empty);
    }

    [Test]
    public void A_read_that_fails_is_told_by_whatever_reads()
    {
        using IStorageFile file = _storage.Open("f/a", FileAccess.Read);
        using ScratchFile scratch = new(_storage.NewScratchPath(".part"));
        scratch.Append([1]);
        Run(
            () =>
            {
                AssertFails(() => file.Read(1, new byte[2]), "read of 2 bytes at 1", "f/a", "EIO");
                AssertFails(() => _storage.ReadAll("f/a"), "read", "f/a", "EIO");
                AssertFails(() => FileHash.Of(_storage.Materialise("f/a")), "hashing", "f/a", "EIO");
                AssertFails(() => scratch.Read(0, new byte[1]), "read", "scratch", "EIO");
            },
            ("pread64", Eio));
    }

    [TestCase(Enospc, "ENOSPC")]
    [TestCase(Edquot, "EDQUOT")]
    public void A_write_that_finds_no_room_is_told_as_a_full_disk(int error, string name)
    {
        using IStorageFile file = _storage.Open("f/a", FileAccess.ReadWrite);
        using ScratchFile scratch = new(_storage.NewScratchPath(".part"));
        Run(
            () =>
            {
                Assert.That(AssertFails(() => file.Write(1, new byte[2]), "write of 2 bytes at 1", "f/a", name).IsDiskFull);
                Assert.That(AssertFails(() => scratch.Append(new byte[2]), "write", "scratch", name).IsDiskFull);
                Assert.That(AssertFails(() => _storage.PublishNew("f/b", [1]), "write", "scratch", name).IsDiskFull);
            },
            ("pwrite64", error));
        Assert.That(scratch.Length, Is.Zero, "what was not written does not count");
        Assert.That(_storage.List("f"), Is.EqualTo(new[] { "a" }));
    }

    [Test]
    public void A_disk_that_refuses_to_tidy_up_as_well_does_not_hide_what_it_refused_first()
    {
        Run(
            () =>
            {
                Assert.That(AssertFails(() => _storage.Create("f/b", 100), "reserving 100 bytes", "f/b", "ENOSPC").IsDiskFull);
                AssertFails(() => _storage.PublishNew("f/c", [1]), "flush", "scratch", "EIO");
            },
            ("fallocate", Enospc), ("fsync", Eio), ("unlink", Eperm));
    }

    [Test]
    public void A_deletion_that_fails_is_told_unless_the_file_is_of_no_use()
    {
        string scratch = _storage.NewScratchPath(".part");
        using ScratchFile file = new(scratch);
        Run(
            () =>
            {
                AssertFails(() => _storage.Delete("f/a"), "delete", "f/a", "Input/output");
                AssertFails(file.Delete, "delete", "scratch", "Input/output");
                Assert.That(() => ScratchFile.Discard(scratch), Throws.Nothing);
            },
            ("unlink", Eio));
        Assert.That(_storage.Exists("f/a") && File.Exists(scratch));
        ScratchFile.Discard(scratch);
        Assert.That(File.Exists(scratch), Is.False);
    }

    [Test]
    public void Without_the_renaming_that_never_replaces_nothing_is_replaced_either(
        [Values(Enosys, Einval)] int error)
    {
        Run(
            () =>
            {
                _storage.PublishNew("f/b", [4]);
                Assert.That(() => _storage.PublishNew("f/a", [5]), Throws.InstanceOf<StorageConflictException>());
            },
            ("renameat2", error));
        Assert.Multiple(() =>
        {
            Assert.That(_storage.ReadAll("f/a"), Is.EqualTo(new byte[] { 1, 2, 3 }));
            Assert.That(_storage.ReadAll("f/b"), Is.EqualTo(new byte[] { 4 }));
            Assert.That(Directory.GetFiles(_storage.ScratchFolder), Is.Empty);
        });
    }

    [Test]
    public void A_copy_gets_its_place_without_the_renaming_that_never_replaces()
    {
        using (IStorageFork fork = _storage.Fork(CopyTarget))
        {
            fork.Link("f");
            Run(fork.Publish, ("renameat2", Enosys));
        }

        Assert.That(File.ReadAllBytes(Path.Combine(CopyTarget, "f", "a")), Is.EqualTo(new byte[] { 1, 2, 3 }));
    }

    [Test]
    public void A_copy_that_cannot_get_its_place_is_told_and_leaves_nothing()
    {
        using (IStorageFork fork = _storage.Fork(CopyTarget))
        {
            fork.Link("f");
            Run(() => AssertFails(fork.Publish, "rename", "copy", "EIO"), ("renameat2", Eio));
        }

        Assert.That(Directory.Exists(CopyTarget), Is.False);
        Assert.That(Directory.GetFileSystemEntries(_storage.ScratchFolder), Is.Empty);
    }

    [Test]
    public void A_copy_that_cannot_be_tidied_up_goes_when_the_store_is_opened_next()
    {
        IStorageFork fork = _storage.Fork(CopyTarget);
        fork.Link("f");
        Run(() => Assert.That(fork.Dispose, Throws.Nothing), ("unlink", Eio), ("rmdir", Eio));
        Assert.That(Directory.GetFileSystemEntries(_storage.ScratchFolder), Has.Length.EqualTo(1));
        new PhysicalStorage(_storage.PhysicalFolder).ClearScratch();
        Assert.That(Directory.GetFileSystemEntries(_storage.ScratchFolder), Is.Empty);
    }

    [TestCase(Eperm, "hard link (EPERM)")]
    [TestCase(Enosys, "hard link (ENOSYS)")]
    [TestCase(Emlink, "hard link of")]
    public void A_file_that_cannot_be_shared_says_why(int error, string reason)
    {
        using IStorageFork fork = _storage.Fork(CopyTarget);
        Run(() => AssertFails(() => fork.Link("f"), reason, "f/a", error == Emlink ? "EMLINK" : "copy its folder"), ("link", error));
        Assert.That(Directory.Exists(CopyTarget), Is.False);
    }

    [TestCase("flock", Enolck, "ENOLCK")]
    [TestCase("pwrite64", Enospc, "ENOSPC")]
    [TestCase("openat", Eperm, "EPERM")]
    [TestCase("creat", Eperm, "EPERM")]
    public void A_lock_that_cannot_be_taken_is_told_and_is_not_held(string call, int error, string name)
    {
        Run(() => AssertFails(() => _storage.Lock("LOCK"), "lock", "LOCK", name), (call, error));
        Assert.That(() => _storage.Lock("LOCK").Dispose(), Throws.Nothing);
    }

    private static StorageException AssertFails(Action action, string operation, string path, string error)
    {
        StorageException raised = Assert.Throws<StorageException>(action);
        Assert.That(raised.Message, Does.Contain(operation).And.Contain(path).And.Contain(error));
        return raised;
    }
}
