using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.Storage;

/// <summary>What every storage promises.</summary>
internal abstract class StorageContract
{
    protected abstract IStorage Storage { get; }

    /// <summary>Where a copy of the storage may be made.</summary>
    protected abstract string CopyTarget { get; }

    /// <summary>The copy that was made there; null if there is none.</summary>
    protected abstract IStorage? OpenCopy();

    [Test]
    public void A_created_file_reads_as_zeros_of_the_preallocated_length_until_written()
    {
        using IStorageFile file = Storage.Create("a", 10_000);
        file.Write(5000, [1, 2, 3]);
        file.Flush();
        byte[] expected = new byte[10_000];
        expected[5000] = 1;
        expected[5001] = 2;
        expected[5002] = 3;
        Assert.Multiple(() =>
        {
            Assert.That(file.Length, Is.EqualTo(10_000));
            Assert.That(Storage.Length("a"), Is.EqualTo(10_000));
            Assert.That(Storage.ReadAll("a"), Is.EqualTo(expected));
        });
    }

    [Test]
    public void A_write_behind_the_end_makes_the_file_longer()
    {
        using IStorageFile file = Storage.Create("a", 4);
        file.Write(6, [9, 9]);
        Assert.That(Storage.ReadAll("a"), Is.EqualTo(new byte[] { 0, 0, 0, 0, 0, 0, 9, 9 }));
    }

    [Test]
    public void A_read_ends_at_the_end_of_the_file()
    {
        Storage.PublishNew("a", [1, 2, 3, 4, 5]);
        using IStorageFile file = Storage.Open("a", FileAccess.Read);
        byte[] buffer = new byte[10];
        Assert.Multiple(() =>
        {
            Assert.That(file.Read(3, buffer), Is.EqualTo(2));
            Assert.That(buffer[..3], Is.EqualTo(new byte[] { 4, 5, 0 }));
            Assert.That(file.Read(5, buffer), Is.Zero);
            Assert.That(file.Read(50, buffer), Is.Zero);
        });
    }

    [Test]
    public void A_file_opened_for_reading_cannot_be_written_to()
    {
        Storage.PublishNew("a", [1]);
        using IStorageFile file = Storage.Open("a", FileAccess.Read);
        Assert.That(() => file.Write(0, [2]), Throws.InstanceOf<StorageException>());
        Assert.That(Storage.ReadAll("a"), Is.EqualTo(new byte[] { 1 }));
    }

    [Test]
    public void A_second_handle_sees_what_the_first_wrote()
    {
        using IStorageFile writer = Storage.Create("a", 8);
        using IStorageFile reader = Storage.Open("a", FileAccess.Read);
        writer.Write(2, [7]);
        byte[] read = new byte[8];
        reader.Read(0, read);
        Assert.That(read[2], Is.EqualTo(7));
    }

    [Test]
    public void Creating_and_publishing_never_replace_a_file()
    {
        Storage.PublishNew("a", [1]);
        string scratch = Storage.NewScratchPath(".bin");
        File.WriteAllBytes(scratch, [2]);
        Assert.Multiple(() =>
        {
            Assert.That(() => Storage.Create("a", 0), Throws.InstanceOf<StorageConflictException>().With.Message.Contains("'a'"));
            Assert.That(() => Storage.PublishNew("a", [2]), Throws.InstanceOf<StorageConflictException>());
            Assert.That(() => Storage.Adopt(scratch, "a"), Throws.InstanceOf<StorageConflictException>());
            Assert.That(Storage.ReadAll("a"), Is.EqualTo(new byte[] { 1 }));
            Assert.That(File.ReadAllBytes(scratch), Is.EqualTo(new byte[] { 2 }), "a file that was not adopted stays");
        });
    }

    [Test]
    public void Of_many_who_publish_one_name_at_once_exactly_one_wins()
    {
        int winners = 0;
        int winner = -1;
        Parallel.For(0, 32, new ParallelOptions { MaxDegreeOfParallelism = 8 }, candidate =>
        {
            try
            {
                Storage.PublishNew("a", [(byte)candidate]);
                Interlocked.Increment(ref winners);
                winner = candidate;
            }
            catch (StorageConflictException)
            {
            }
        });
        Assert.Multiple(() =>
        {
            Assert.That(winners, Is.EqualTo(1));
            Assert.That(Storage.ReadAll("a"), Is.EqualTo(new[] { (byte)winner }));
            Assert.That(Directory.GetFiles(Storage.ScratchFolder), Is.Empty, "nothing stays aside");
        });
    }

    [Test]
    public void An_adopted_file_moves_from_the_scratch_folder_into_the_store()
    {
        Storage.CreateFolder("x/y");
        string scratch = Storage.NewScratchPath(".bin");
        Assert.That(scratch, Does.EndWith(".bin"));
        File.WriteAllBytes(scratch, [1, 2]);
        Storage.Adopt(scratch, "x/y/z");
        Assert.Multiple(() =>
        {
            Assert.That(Storage.ReadAll("x/y/z"), Is.EqualTo(new byte[] { 1, 2 }));
            Assert.That(File.Exists(scratch), Is.False);
        });
    }

    [Test]
    public void A_file_to_adopt_that_is_not_there_is_named()
    {
        string scratch = Storage.NewScratchPath(".bin");
        Assert.That(() => Storage.Adopt(scratch, "a"), Throws.InstanceOf<StorageException>().With.Message.Contains(scratch));
        Assert.That(Storage.Exists("a"), Is.False);
    }

    [Test]
    public void Files_are_listed_by_name_in_ordinal_order_and_folders_are_not()
    {
        Storage.CreateFolder("f/inner");
        foreach (string name in new[] { "b", "B", "a", "10", "9" })
        {
            Storage.PublishNew($"f/{name}", []);
        }

        Assert.Multiple(() =>
        {
            Assert.That(Storage.List("f"), Is.EqualTo(new[] { "10", "9", "B", "a", "b" }));
            Assert.That(Storage.List("missing"), Is.Empty);
            Assert.That(Storage.List(""), Is.Empty);
        });
    }

    [Test]
    public void A_deleted_file_is_gone_and_deleting_none_does_nothing()
    {
        Storage.PublishNew("a", [1]);
        Storage.Delete("a");
        Storage.Delete("a");
        Storage.Delete("missing/folder");
        Assert.Multiple(() =>
        {
            Assert.That(Storage.Exists("a"), Is.False);
            Assert.That(Storage.List(""), Is.Empty);
        });
    }

    [Test]
    public void A_missing_file_is_an_error_that_names_it()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => Storage.Open("gone", FileAccess.Read), Throws.InstanceOf<StorageException>().With.Message.Contains("gone"));
            Assert.That(() => Storage.ReadAll("gone"), Throws.InstanceOf<StorageException>().With.Message.Contains("gone"));
            Assert.That(() => Storage.Length("gone"), Throws.InstanceOf<StorageException>().With.Message.Contains("gone"));
            Assert.That(() => Storage.Map("gone"), Throws.InstanceOf<StorageException>().With.Message.Contains("gone"));
            Assert.That(() => Storage.Create("gone/a", 0), Throws.InstanceOf<StorageException>().With.Message.Contains("gone"));
            Assert.That(() => Storage.FlushFolder("gone"), Throws.InstanceOf<StorageException>().With.Message.Contains("gone"));
        });
    }

    [TestCase("")]
    [TestCase("/a")]
    [TestCase("..")]
    [TestCase("a/../b")]
    [TestCase("./a")]
    [TestCase("a//b")]
    [TestCase("a/")]
    [TestCase("a\0b")]
    [TestCase("a\\b")]
    [TestCase("C:a")]
    public void A_path_that_could_leave_the_store_is_refused(string path)
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => Storage.Create(path, 0), Throws.ArgumentException);
            Assert.That(() => Storage.Open(path, FileAccess.Read), Throws.ArgumentException);
            Assert.That(() => Storage.ReadAll(path), Throws.ArgumentException);
            Assert.That(() => Storage.Delete(path), Throws.ArgumentException);
            Assert.That(() => Storage.PublishNew(path, []), Throws.ArgumentException);
            Assert.That(() => Storage.Lock(path), Throws.ArgumentException);
        });
    }

    [Test]
    public void A_mapped_file_shows_its_bytes_in_windows_and_nothing_beyond()
    {
        byte[] content = [.. Enumerable.Range(0, 10_000).Select(number => (byte)number)];
        Storage.PublishNew("a", content);
        using IMappedFile map = Storage.Map("a");
        Assert.Multiple(() =>
        {
            Assert.That(map.Length, Is.EqualTo(10_000));
            Assert.That(map.Slice(5000, 300).ToArray(), Is.EqualTo(content[5000..5300]));
            Assert.That(map.Slice(10_000, 0).Length, Is.Zero);
            Assert.That(() => map.Slice(9_999, 2).Length, Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => map.Slice(-1, 1).Length, Throws.InstanceOf<ArgumentOutOfRangeException>());
        });
    }

    [Test]
    public void An_empty_file_can_be_published_and_mapped()
    {
        Storage.PublishNew("a", []);
        using IMappedFile map = Storage.Map("a");
        Assert.That(map.Length, Is.Zero);
        Assert.That(map.Slice(0, 0).Length, Is.Zero);
    }

    [Test]
    public void A_materialised_file_can_be_read_at_a_physical_path()
    {
        Storage.PublishNew("a.bin", [1, 2, 3]);
        string path = Storage.Materialise("a.bin");
        Assert.Multiple(() =>
        {
            Assert.That(File.ReadAllBytes(path), Is.EqualTo(new byte[] { 1, 2, 3 }));
            Assert.That(path, Does.EndWith(".bin"));
            Assert.That(Storage.Materialise("a.bin"), Is.EqualTo(path));
        });
    }

    [Test]
    public void A_lock_has_one_holder_until_it_is_released()
    {
        IDisposable first = Storage.Lock("LOCK");
        Assert.That(() => Storage.Lock("LOCK"), Throws.InstanceOf<StoreLockedException>().With.Message.Contains("this process"));
        first.Dispose();
        using IDisposable second = Storage.Lock("LOCK");
        first.Dispose();
        Assert.That(() => Storage.Lock("LOCK"), Throws.InstanceOf<StoreLockedException>(), "releasing twice frees nobody else's lock");
    }

    [Test]
    public void Clearing_the_scratch_folder_leaves_it_empty_and_usable()
    {
        File.WriteAllText(Storage.NewScratchPath(".left"), "left");
        Directory.CreateDirectory(Storage.NewScratchPath(".folder"));
        Storage.ClearScratch();
        Assert.That(Directory.GetFileSystemEntries(Storage.ScratchFolder), Is.Empty);
        File.WriteAllText(Storage.NewScratchPath(".new"), "new");
    }

    [Test]
    public void Folders_are_listed_in_order()
    {
        Storage.CreateFolder("b/c");
        Storage.CreateFolder("a");
        Storage.CreateFolder("b/a/deep");
        Storage.PublishNew("b/file", [1]);
        Assert.Multiple(() =>
        {
            Assert.That(Storage.ListFolders("b"), Is.EqualTo(new[] { "a", "c" }));
            Assert.That(Storage.ListFolders("a"), Is.Empty);
            Assert.That(Storage.ListFolders("none"), Is.Empty);
        });
    }

    [Test]
    public void A_copy_has_the_files_of_the_folders_that_it_shares_and_its_own_and_each_side_deletes_for_itself()
    {
        Storage.CreateFolder("f/deep");
        Storage.CreateFolder("g");
        Storage.PublishNew("f/a", [1]);
        Storage.PublishNew("f/deep/b", [2, 3]);
        Storage.PublishNew("g/c", [4]);
        using (IStorageFork fork = Storage.Fork(CopyTarget))
        {
            fork.Link("f/deep");
            fork.Link("f");
            fork.Link("none");
            fork.Storage.PublishNew("f/own", [5]);
            fork.Publish();
        }

        IStorage copy = OpenCopy()!;
        Storage.Delete("f/a");
        copy.Delete("f/deep/b");
        Assert.Multiple(() =>
        {
            Assert.That(copy.List("f"), Is.EqualTo(new[] { "a", "own" }));
            Assert.That(copy.ReadAll("f/a"), Is.EqualTo(new byte[] { 1 }));
            Assert.That(Storage.List("f"), Is.Empty);
            Assert.That(Storage.ReadAll("f/deep/b"), Is.EqualTo(new byte[] { 2, 3 }));
        });
    }

    [Test]
    public void A_copy_never_takes_the_place_of_another()
    {
        using (IStorageFork fork = Storage.Fork(CopyTarget))
        {
            fork.Publish();
        }

        Assert.That(() => Storage.Fork(CopyTarget), Throws.InstanceOf<StorageException>().With.Message.Contains("already").And.Message.Contains(CopyTarget));
    }

    [Test]
    public void A_copy_that_is_given_up_leaves_nothing()
    {
        Storage.CreateFolder("f");
        Storage.PublishNew("f/a", [1]);
        using (IStorageFork fork = Storage.Fork(CopyTarget))
        {
            fork.Link("f");
        }

        Assert.That(OpenCopy(), Is.Null);
        Assert.That(Directory.GetFileSystemEntries(Storage.ScratchFolder), Is.Empty);
    }
}
