using System.Runtime.InteropServices;
using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.Storage;

[TestFixture]
internal sealed partial class ScratchFileTests
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

    [Test]
    public void A_finished_file_can_be_mapped_and_one_that_is_not_there_is_named()
    {
        using var storage = new InMemoryStorage();
        string path = storage.NewScratchPath(".part");
        Assert.That(() => ScratchFile.Map(path), Throws.InstanceOf<StorageException>().With.Message.Contains("mapping").And.Message.Contains(path));
        File.WriteAllBytes(path, [1, 2, 3]);
        using IMappedFile map = ScratchFile.Map(path);
        Assert.That(map.Slice(0, 3).ToArray(), Is.EqualTo(new byte[] { 1, 2, 3 }));
    }

    [Test]
    [Platform("Linux,MacOsX")]
    public void A_file_that_somebody_has_shortened_is_told_and_not_read_for_ever()
    {
        using var storage = new InMemoryStorage();
        string path = storage.NewScratchPath(".part");
        using var file = new ScratchFile(path);
        file.Append([1, 2, 3]);
        Shorten(path);
        Assert.That(() => file.Read(0, new byte[3]), Throws.InstanceOf<StorageException>().With.Message.Contains("ends at byte 1, although 3 were written").And.Message.Contains(path));
    }

    /// <summary>Not by .NET, which respects the lock that it took when the file was opened.</summary>
    private static void Shorten(string path) => Assert.That(Truncate(path, 1), Is.Zero);

    [LibraryImport("libc", EntryPoint = "truncate", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Truncate(string path, nint length);
}
