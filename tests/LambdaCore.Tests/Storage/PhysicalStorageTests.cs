using System.Diagnostics;
using System.Runtime.Versioning;
using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.Storage;

[TestFixture]
internal sealed class PhysicalStorageTests : StorageContract
{
    private string _folder = "";
    private PhysicalStorage _storage = null!;

    protected override IStorage Storage => _storage;

    protected override string CopyTarget => Path.Combine(_folder, "copies", "copy");

    protected override IStorage? OpenCopy() => Directory.Exists(CopyTarget) ? new PhysicalStorage(CopyTarget) : null;

    [SetUp]
    public void CreateFolder()
    {
        _folder = Directory.CreateTempSubdirectory("lambdacore-storage-").FullName;
        _storage = new PhysicalStorage(Path.Combine(_folder, "deep", "store"));
    }

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void An_error_names_the_operation_the_path_and_the_cause()
    {
        StorageException error = Assert.Throws<StorageException>(() => _storage.FlushFolder("gone"));
        Assert.That(error.Message, Does.Contain("flush of the folder").And.Contain(Path.Combine("store", "gone")).And.Contain("ENOENT"));
    }

    [Test]
    public void A_copy_shares_the_content_of_files()
    {
        _storage.CreateFolder("f");
        _storage.PublishNew("f/a", [1, 2, 3]);
        using IStorageFork fork = _storage.Fork(CopyTarget);
        fork.Link("f");
        fork.Publish();
        File.WriteAllBytes(Path.Combine(_storage.PhysicalFolder, "f", "a"), [7]);
        Assert.That(File.ReadAllBytes(Path.Combine(CopyTarget, "f", "a")), Is.EqualTo(new byte[] { 7 }), "it is the same file, or else it would be a copy of three bytes");
    }

    [Test]
    public void A_copy_takes_the_place_of_an_empty_folder_only()
    {
        Directory.CreateDirectory(CopyTarget);
        using (IStorageFork fork = _storage.Fork(CopyTarget))
        {
            File.WriteAllText(Path.Combine(CopyTarget, "mine"), "");
            Assert.That(fork.Publish, Throws.InstanceOf<StorageException>().With.Message.Contains("already"));
        }

        Assert.That(() => _storage.Fork(CopyTarget), Throws.InstanceOf<StorageException>().With.Message.Contains("already"));
        File.Delete(Path.Combine(CopyTarget, "mine"));
        using (IStorageFork fork = _storage.Fork(CopyTarget))
        {
            fork.Publish();
        }

        Assert.That(Directory.Exists(Path.Combine(CopyTarget, "scratch")));
    }

    [Test]
    public void A_copy_cannot_lie_within_what_it_copies_whatever_its_path_looks_like()
    {
        string link = Path.Combine(_folder, "link");
        Directory.CreateSymbolicLink(link, Path.Combine(_folder, "deep"));
        Assert.Multiple(() =>
        {
            Assert.That(() => _storage.Fork(_storage.PhysicalFolder), Throws.InstanceOf<LambdaCoreException>());
            Assert.That(() => _storage.Fork(Path.Combine(_storage.PhysicalFolder, "a", "b")), Throws.ArgumentException.With.Message.Contains("within"));
            Assert.That(() => _storage.Fork(Path.Combine(_folder, "deep", "other", "..", "store", "a")), Throws.ArgumentException.With.Message.Contains("within"));
            Assert.That(() => _storage.Fork(Path.Combine(link, "store", "a")), Throws.ArgumentException.With.Message.Contains("within"));
            Assert.That(() => _storage.Fork(Path.Combine(_folder, "deep", "store2")).Dispose(), Throws.Nothing);
        });
    }

    [Test]
    [Platform("Linux")]
    public void A_copy_on_another_file_system_is_refused_and_leaves_nothing()
    {
        const string other = "/dev/shm";
        if (!Directory.Exists(other))
        {
            Assert.Ignore("there is no second file system here");
        }

        _storage.CreateFolder("f");
        _storage.PublishNew("f/a", [1]);
        string target = Path.Combine(other, $"lambdacore-{Guid.NewGuid():N}");
        using (IStorageFork fork = _storage.Fork(target))
        {
            fork.Link("f");
            Assert.That(fork.Publish, Throws.InstanceOf<StorageException>().With.Message.Contains("another file system"));
        }

        Assert.That(Directory.Exists(target), Is.False);
        Assert.That(Directory.GetFileSystemEntries(_storage.ScratchFolder), Is.Empty);
    }

    [Test]
    [Category("Linux")]
    [Platform("Linux")]
    [SupportedOSPlatform("linux")]
    public void The_folder_around_a_store_need_not_be_readable_for_who_opens_it()
    {
        string around = Path.Combine(_folder, "around");
        string store = Path.Combine(around, "store");
        Directory.CreateDirectory(store);
        OtherUser.Owns(store);
        const UnixFileMode pass = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        File.SetUnixFileMode(_folder, pass);
        File.SetUnixFileMode(around, pass);
        OtherUser.Run(() =>
        {
            Assert.That(() => Directory.GetFiles(around), Throws.InstanceOf<UnauthorizedAccessException>());
            var storage = new PhysicalStorage(store);
            storage.PublishNew("a", [1]);
            Assert.That(storage.List(""), Is.EqualTo(new[] { "a" }));
            Assert.That(() => new PhysicalStorage(Path.Combine(around, "other")), Throws.InstanceOf<StorageException>().With.Message.Contains("creating the folder"));
        });
    }

    [Test]
    [Platform("Linux,MacOsX")]
    public void A_lock_of_another_process_is_named_and_ends_when_that_process_is_killed()
    {
        string path = Path.Combine(_folder, "deep", "store", "LOCK");
        File.WriteAllText(path, "");
        using Process? holder = StartHolder(path);
        if (holder is null)
        {
            Assert.Ignore("there is no python3 here to hold the lock");
        }

        try
        {
            Assert.That(holder.StandardOutput.ReadLine(), Is.EqualTo("held"));
            Assert.That(() => _storage.Lock("LOCK"), Throws.InstanceOf<StoreLockedException>().With.Message.Contains($"process {holder.Id}"));
        }
        finally
        {
            holder.Kill();
            holder.WaitForExit();
        }

        Assert.That(() => _storage.Lock("LOCK").Dispose(), Throws.Nothing);
    }

    [Test]
    [Category("Linux")]
    [Platform("Linux")]
    public void A_full_disk_shows_at_creation_and_is_told_from_other_errors()
    {
        using TinyDisk disk = TinyDisk.MountOrIgnore();
        var tiny = new PhysicalStorage(disk.Folder);
        StorageException error = Assert.Throws<StorageException>(() => tiny.Create("big", 4 << 20));
        Assert.Multiple(() =>
        {
            Assert.That(error.IsDiskFull, Is.True);
            Assert.That(error.Message, Does.Contain("ENOSPC").And.Contain("big"));
            Assert.That(tiny.Exists("big"), Is.False, "a file that could not be made is not left behind");
        });
        using IStorageFile reserved = tiny.Create("reserved", 900 * 1024);
        error = Assert.Throws<StorageException>(() => tiny.PublishNew("more", new byte[400 * 1024]));
        Assert.Multiple(() =>
        {
            Assert.That(error.IsDiskFull, Is.True);
            Assert.That(tiny.List(""), Is.EqualTo(new[] { "reserved" }));
            Assert.That(Directory.GetFiles(tiny.ScratchFolder), Is.Empty);
            Assert.That(() => reserved.Write(0, new byte[900 * 1024]), Throws.Nothing, "what was reserved is there");
        });
    }

    [TestCase("")]
    [TestCase("no number")]
    public void A_lock_whose_holder_has_not_written_its_number_is_of_another_process(string content) =>
        Assert.That(StoreLockedException.HeldBy("/a/LOCK", content).Message, Does.Contain("by another process").And.Contain("'/a/LOCK'"));

    private static Process? StartHolder(string path)
    {
        const string script = "import fcntl,os,sys,time\nf=open(sys.argv[1],'w')\nfcntl.flock(f,fcntl.LOCK_EX)\nf.write(str(os.getpid()))\nf.flush()\nprint('held',flush=True)\ntime.sleep(60)\n";
        var start = new ProcessStartInfo("python3", ["-c", script, path]) { RedirectStandardOutput = true };
        try
        {
            return Process.Start(start);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
