using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.Storage;

[TestFixture]
internal sealed class InMemoryStorageTests : StorageContract
{
    private const int Tries = 200;

    private InMemoryStorage _storage = null!;

    protected override IStorage Storage => _storage;

    protected override string CopyTarget => "copy";

    protected override IStorage? OpenCopy() => _storage.TakeFork(CopyTarget);

    [SetUp]
    public void CreateStorage() => _storage = new InMemoryStorage();

    [TearDown]
    public void DisposeStorage() => _storage.Dispose();

    [Test]
    public void A_copy_is_there_as_a_whole_or_not_at_all_wherever_the_power_is_cut_while_it_is_made()
    {
        int whole = 0;
        int call = 1;
        for (bool cut = true; cut; call++)
        {
            using var storage = new InMemoryStorage();
            storage.CreateFolder("f/g");
            storage.PublishNew("f/g/a", [1, 2]);
            storage.PublishNew("f/b", [3]);
            long last = storage.Calls + call;
            storage.BeforeCall = c => _ = c.Number >= last ? throw new StorageException("The power is gone.") : 0;
            cut = false;
            try
            {
                using IStorageFork fork = storage.Fork("copy");
                fork.Link("f");
                fork.Link("f/g");
                fork.Storage.PublishNew("own", [4]);
                fork.Publish();
            }
            catch (StorageException)
            {
                cut = true;
            }

            using InMemoryStorage after = storage.Crash(new Random(call));
            using InMemoryStorage? copy = after.TakeFork("copy");
            whole += copy is null ? 0 : 1;
            Assert.That(copy is null || (copy.ReadAll("f/g/a").Length, copy.ReadAll("f/b").Length, copy.ReadAll("own").Length) == (2, 1, 1), $"call {call}");
            Assert.That(cut || copy is not null, $"call {call}");
        }

        Assert.That((call > 10, whole), Is.EqualTo((true, 1)).Or.EqualTo((true, 2)), $"{whole} of {call}");
    }

    [Test]
    public void What_was_flushed_with_its_folder_survives_every_power_cut()
    {
        byte[] content = [.. Enumerable.Range(0, 3000).Select(number => (byte)number)];
        for (int seed = 0; seed < Tries; seed++)
        {
            using var storage = new InMemoryStorage();
            storage.CreateFolder("f");
            using (IStorageFile file = storage.Create("f/a", 0))
            {
                file.Write(0, content);
                file.Flush();
                storage.FlushFolder("f");
                file.Write(0, new byte[10]);
            }

            storage.PublishNew("f/b", content);
            using InMemoryStorage after = storage.Crash(new Random(seed));
            Assert.That(after.ReadAll("f/a")[10..], Is.EqualTo(content[10..]), $"seed {seed}");
            Assert.That(after.ReadAll("f/b"), Is.EqualTo(content), $"seed {seed}");
        }
    }

    [Test]
    public void Of_what_was_not_flushed_any_sectors_and_any_names_may_survive()
    {
        var sectors = new HashSet<string>();
        var names = new HashSet<string>();
        for (int seed = 0; seed < Tries; seed++)
        {
            using var storage = new InMemoryStorage();
            storage.PublishNew("kept", [1]);
            using (IStorageFile file = storage.Create("a", 2048))
            {
                file.Flush();
                storage.FlushFolder("");
                file.Write(256, [.. Enumerable.Repeat((byte)1, 1024)]);
                storage.Delete("kept");
                storage.Create("b", 0).Dispose();
            }

            using InMemoryStorage after = storage.Crash(new Random(seed));
            byte[] bytes = after.ReadAll("a");
            sectors.Add($"{bytes[256]}{bytes[511]}-{bytes[512]}{bytes[1023]}-{bytes[1024]}{bytes[1279]}");
            names.Add(string.Join(' ', after.List("")));
        }

        string[] everySubset = [.. from a in "01" from b in "01" from c in "01" select $"{a}{a}-{b}{b}-{c}{c}"];
        Assert.Multiple(() =>
        {
            Assert.That(sectors, Is.EquivalentTo(everySubset), "sectors are whole, and independent");
            Assert.That(names, Is.EquivalentTo(new[] { "a", "a b", "a kept", "a b kept" }));
        });
    }

    [Test]
    public void A_killed_process_leaves_what_was_written_but_it_is_no_safer_than_before()
    {
        bool lost = false;
        for (int seed = 0; seed < Tries && !lost; seed++)
        {
            using var storage = new InMemoryStorage();
            using IStorageFile file = storage.Create("a", 0);
            storage.FlushFolder("");
            file.Write(0, [1]);
            using InMemoryStorage killed = storage.Kill();
            Assert.That(killed.ReadAll("a"), Is.EqualTo(new byte[] { 1 }));
            using InMemoryStorage cut = killed.Crash(new Random(seed));
            lost = cut.Length("a") == 0;
        }

        Assert.That(lost, Is.True);
    }

    [Test]
    public void A_failed_flush_drops_what_it_should_have_made_durable_even_if_a_second_one_succeeds()
    {
        using IStorageFile file = _storage.Create("a", 512);
        file.Flush();
        _storage.FlushFolder("");
        file.Write(0, [1]);
        FailNext(StorageOperation.Flush);
        Assert.That(file.Flush, Throws.InstanceOf<StorageException>());
        _storage.BeforeCall = null;
        file.Flush();
        Assert.That(_storage.ReadAll("a")[0], Is.EqualTo(1), "the cache still has it");
        using InMemoryStorage after = _storage.Crash(new Random(1));
        Assert.That(after.ReadAll("a")[0], Is.Zero, "the medium has not");
    }

    [Test]
    public void A_failed_write_is_done_in_part()
    {
        using IStorageFile file = _storage.Create("a", 4);
        FailNext(StorageOperation.Write);
        Assert.That(() => file.Write(0, [1, 2, 3, 4]), Throws.InstanceOf<StorageException>());
        Assert.That(_storage.ReadAll("a"), Is.EqualTo(new byte[] { 1, 2, 0, 0 }));
    }

    [Test]
    public void Calls_are_counted_and_a_crashed_storage_refuses_them()
    {
        using IStorageFile file = _storage.Create("a", 4);
        file.Write(0, [1]);
        file.Write(1, [1]);
        Assert.Multiple(() =>
        {
            Assert.That(_storage.Calls, Is.EqualTo(3));
            Assert.That(_storage.CountOf(StorageOperation.Write), Is.EqualTo(2));
            Assert.That(_storage.CountOf(StorageOperation.Flush), Is.Zero);
        });
        using InMemoryStorage after = _storage.Crash(new Random(1));
        Assert.That(() => file.Write(0, [1]), Throws.InstanceOf<StorageException>().With.Message.Contains("crashed"));
        Assert.That(() => _storage.Lock("LOCK"), Throws.InstanceOf<StorageException>());
        Assert.That(() => after.Lock("LOCK").Dispose(), Throws.Nothing);
    }

    private void FailNext(StorageOperation operation) => _storage.BeforeCall = call =>
    {
        if (call.Operation == operation)
        {
            throw new StorageException("injected");
        }
    };
}
