using LambdaCore.Storage;
using LambdaCore.Tables;
using NUnit.Framework;

namespace LambdaCore.Tests.Tables;

/// <summary>Of a damaged transaction log is told what its sound commits say, and which are lost; one bit that was turned is turned back.</summary>
[TestFixture]
internal sealed class DeltaScrapsTests
{
    private const string LogFolder = $"{TestTable.Folder}/_delta_log";

    private InMemoryStorage _storage = null!;
    private DeltaTable _table = null!;

    [SetUp]
    public void CreateTable()
    {
        _storage = new InMemoryStorage();
        _table = TestTable.Open(_storage);
        _table.Commit([TestTable.File("a.parquet"), TestTable.File("b.parquet")], [], 10, "WRITE", [KeyValuePair.Create("fact", "1")]);
        _table.Commit([TestTable.File("c.parquet")], ["a.parquet"], 20, "WRITE", [KeyValuePair.Create("fact", "2")]);
    }

    [TearDown]
    public void DisposeStorage() => _storage.Dispose();

    [Test]
    public void A_sound_log_says_what_the_table_says()
    {
        _storage.PublishNew($"{LogFolder}/something else.json", [1]);
        DeltaScraps scraps = Read();
        Assert.Multiple(() =>
        {
            Assert.That(scraps.IsWhole);
            Assert.That(scraps.Live.Select(f => f.Path), Is.EquivalentTo(new[] { "b.parquet", "c.parquet" }));
            Assert.That((scraps.Owner, scraps.CoveredPosition, scraps.Metadata?.Id), Is.EqualTo(((Guid?)_table.StoreId, 20L, (Guid?)_table.Snapshot.Metadata.Id)));
            Assert.That((scraps.Knows("a.parquet"), scraps.Knows("d.parquet")), Is.EqualTo((true, false)));
            Assert.That((scraps.LastFacts("WRITE")?["fact"], scraps.LastFacts("NEVER")), Is.EqualTo(("2", (IReadOnlyDictionary<string, string>?)null)));
        });
    }

    [Test]
    public void A_folder_without_a_log_says_nothing_and_that_it_does()
    {
        DeltaScraps scraps = DeltaScraps.Of(_storage, "nothing");
        Assert.Multiple(() =>
        {
            Assert.That(scraps.Lost, Is.EqualTo(new[] { ("nothing/_delta_log/00000000000000000000.json", "the table has no transaction log") }));
            Assert.That((scraps.Metadata, scraps.Owner, scraps.CoveredPosition, scraps.Live.Count), Is.EqualTo(((DeltaMetadata?)null, (Guid?)null, 0L, 0)));
        });
    }

    [Test]
    public void One_bit_that_was_turned_is_turned_back_wherever_it_is()
    {
        byte[] healthy = _storage.ReadAll(PathOf(1));
        int hashStart = Array.IndexOf(healthy, (byte)'\n') + 1 - DeltaCommitWriter.BytesAfterHash - 64;
        Random random = new(TestTable.NewSeed());
        int[] bits = [0, (hashStart * 8) + 1, ((hashStart + 63) * 8) + 2, (healthy.Length * 8) - 9, .. Enumerable.Range(0, 12).Select(_ => random.Next(healthy.Length * 8))];

        // Nobody can tell where the hash was once the first line's end is gone.
        int end = Array.IndexOf(healthy, (byte)'\n');
        foreach (int bit in bits.Where(b => b / 8 != end))
        {
            byte[] damaged = (byte[])healthy.Clone();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            if (Array.IndexOf(damaged, (byte)'\n') != end)
            {
                continue;
            }

            Put(PathOf(1), damaged);
            DeltaScraps scraps = Read();
            Assert.That((scraps.IsWhole, scraps.Restored.SingleOrDefault(), scraps.Commits.Count), Is.EqualTo((true, PathOf(1), 3)), $"bit {bit}");
        }
    }

    [Test]
    public void Of_a_commit_that_is_damaged_further_nothing_is_believed()
    {
        byte[] content = _storage.ReadAll(PathOf(1));
        content[10] ^= 1;
        content[^10] ^= 1;
        Put(PathOf(1), content);
        DeltaScraps scraps = Read();
        Assert.Multiple(() =>
        {
            Assert.That(scraps.Lost.Single().Path, Is.EqualTo(PathOf(1)));
            Assert.That(scraps.Live.Select(f => f.Path), Is.EqualTo(new[] { "c.parquet" }));
            Assert.That((scraps.Knows("a.parquet"), scraps.Knows("b.parquet")), Is.EqualTo((true, false)), "the next commit removed the one");
        });
    }

    [TestCase(0)]
    [TestCase(60)]
    [TestCase(40_000)]
    public void What_is_no_commit_at_all_is_lost_at_once(int length)
    {
        Put(PathOf(1), [.. Enumerable.Repeat((byte)'x', length)]);
        Assert.That(Read().Lost.Single().Path, Is.EqualTo(PathOf(1)));
    }

    [Test]
    public void The_newest_versions_are_missed_where_they_were_written_down()
    {
        _table.KeepHead();
        _storage.Delete(PathOf(2));
        Assert.That(Read().Lost, Is.EqualTo(new[] { (PathOf(2), "the file is missing") }));
        Assert.That(() => DeltaHead.Check(_storage, TestTable.Folder, 1), Throws.InstanceOf<TableCorruptException>().With.Message.Contains(PathOf(2)).And.Message.Not.Contains("up to version"));
        _storage.Delete(PathOf(1));
        _storage.Delete(PathOf(0));
        Assert.That(() => DeltaHead.Check(_storage, TestTable.Folder, null), Throws.InstanceOf<TableCorruptException>().With.Message.Contains(PathOf(0)).And.Message.Contains("up to version 2"));
        _storage.PublishNew($"{TestTable.Folder}/_head/something", [1]);
        Assert.That(() => DeltaHead.Check(_storage, TestTable.Folder, 2), Throws.Nothing);
    }

    [Test]
    public void A_commit_that_cannot_be_read_is_lost_with_what_the_disk_says()
    {
        _storage.BeforeCall = call => _ = call.Operation == StorageOperation.Read && call.Path == PathOf(2) ? throw new StorageException("The disk refuses.") : 0;
        Assert.That(Read().Lost, Is.EqualTo(new[] { (PathOf(2), "The disk refuses.") }));
    }

    [Test]
    public void A_table_is_handed_over_by_the_store_that_it_belongs_to_only()
    {
        Guid to = Guid.NewGuid();
        _storage.PublishNew($"{LogFolder}/something else.json", [1]);
        Assert.That(() => HandOver(Guid.NewGuid(), to), Throws.InstanceOf<TableCorruptException>().With.Message.Contains(PathOf(2)).And.Message.Contains("is not of the store"));
        HandOver(_table.StoreId, to);
        DeltaTable table = DeltaTable.Open(_storage, TimeProvider.System, TestTable.Folder, to)!;
        Assert.Multiple(() =>
        {
            Assert.That((table.StoreId, table.CoveredPosition, table.Version), Is.EqualTo((to, 20L, 3L)));
            Assert.That(table.Snapshot.LastCommit.Facts["fact"], Is.EqualTo("2"));
            Assert.That(() => DeltaTable.HandOver(_storage, TimeProvider.System, "nothing", to, to, []), Throws.InstanceOf<TableCorruptException>().With.Message.Contains("the file is missing"));
        });
    }

    private void HandOver(Guid from, Guid to) => DeltaTable.HandOver(_storage, TimeProvider.System, TestTable.Folder, from, to, ["fact"]);

    private DeltaScraps Read() => DeltaScraps.Of(_storage, TestTable.Folder);

    private static string PathOf(int version) => $"{LogFolder}/{version:D20}.json";

    private void Put(string path, byte[] content)
    {
        _storage.Delete(path);
        _storage.PublishNew(path, content);
    }
}
