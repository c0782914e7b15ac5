using LambdaCore.Storage;
using LambdaCore.Tables;
using NUnit.Framework;

namespace LambdaCore.Tests.Tables;

[TestFixture]
internal sealed class DeltaTableTests
{
    [Test]
    public void A_new_table_is_empty_and_covers_nothing()
    {
        using var storage = new InMemoryStorage();
        DeltaTable table = TestTable.Open(storage);
        Assert.That(table.Version, Is.Zero);
        Assert.That(table.Files, Is.Empty);
        Assert.That(table.CoveredPosition, Is.Zero);
        Assert.That(table.StoreId, Is.EqualTo(table.Snapshot.Metadata.Id), "the master dataset gives the store its id");
    }

    [Test]
    public void A_table_that_is_opened_again_says_what_was_committed()
    {
        using var storage = new InMemoryStorage();
        DeltaTable table = TestTable.Open(storage);
        table.Commit([TestTable.Segment(0, 10), TestTable.Segment(10, 25)], [], 25, "SEAL", [KeyValuePair.Create("reason", "größer & \"quoted\" \n \u0001 😀")]);
        table.Commit([TestTable.File("a b+c%d/é.parquet")], [TestTable.Segment(0, 10).Path], 25, "COMPACT");
        table.Commit([], [], 30, "COVER", [KeyValuePair.Create("", "")]);
        DeltaTable again = TestTable.Open(storage);
        Assert.That(TestTable.Describe(again), Is.EqualTo(TestTable.Describe(table)));
        Assert.That(again.Files.Select(file => file.Path), Is.EqualTo(new[] { TestTable.Segment(10, 25).Path, "a b+c%d/é.parquet" }));
        Assert.That(again.CoveredPosition, Is.EqualTo(30));
        Assert.That(again.Snapshot.TransactionVersion(Guid.NewGuid()), Is.Null);
    }

    [Test]
    public void A_snapshot_does_not_change_under_its_reader()
    {
        using var storage = new InMemoryStorage();
        DeltaTable table = TestTable.Open(storage);
        DeltaSnapshot before = table.Commit([TestTable.File("a.parquet")], [], 1, "WRITE");
        table.Commit([TestTable.File("b.parquet")], ["a.parquet"], 2, "WRITE");
        Assert.That(before.Files.Single().Path, Is.EqualTo("a.parquet"));
        Assert.That(before.TransactionVersion(table.StoreId), Is.EqualTo(1));
    }

    [Test]
    public void A_commit_that_does_not_fit_is_refused_and_changes_nothing()
    {
        using var storage = new InMemoryStorage();
        DeltaTable table = TestTable.Open(storage);
        table.Commit([TestTable.File("a.parquet"), TestTable.File("b.parquet")], [], 1, "WRITE");
        table.Commit([], ["b.parquet"], 1, "WRITE");
        string before = TestTable.Describe(table);
        Assert.That(() => table.Commit([TestTable.File("a.parquet")], [], 2, "WRITE"), Throws.ArgumentException.With.Message.Contains("a.parquet"));
        Assert.That(() => table.Commit([TestTable.File("b.parquet")], [], 2, "WRITE"), Throws.ArgumentException.With.Message.Contains("b.parquet"));
        Assert.That(() => table.Commit([TestTable.File("a.parquet")], ["a.parquet"], 2, "WRITE"), Throws.ArgumentException, "a name is never used again");
        Assert.That(() => table.Commit([TestTable.File("c.parquet"), TestTable.File("c.parquet")], [], 2, "WRITE"), Throws.ArgumentException);
        Assert.That(() => table.Commit([], ["c.parquet"], 2, "WRITE"), Throws.ArgumentException.With.Message.Contains("c.parquet"));
        Assert.That(() => table.Commit([], [], -1, "WRITE"), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(TestTable.Describe(table), Is.EqualTo(before));
        Assert.That(TestTable.Describe(TestTable.Open(storage)), Is.EqualTo(before));
    }

    [TestCase("")]
    [TestCase("/a.parquet")]
    [TestCase("../a.parquet")]
    [TestCase("a/./b.parquet")]
    [TestCase("_hidden/b.parquet")]
    [TestCase("_hidden.parquet")]
    [TestCase("a\\b.parquet")]
    [TestCase("a/")]
    [TestCase("\ud800.parquet")]
    public void A_path_that_readers_would_not_find_is_refused(string path) =>
        Assert.That(() => new DeltaFile(path, 1, new string('0', 64), DateTimeOffset.UnixEpoch), Throws.ArgumentException);

    [Test]
    public void The_hash_of_a_file_is_given_once() =>
        Assert.That(
            () => TestTable.File("a.parquet", tags: [KeyValuePair.Create("sha256", "0")]),
            Throws.ArgumentException.With.Message.Contains("'sha256'").And.Message.Contains("a.parquet"));

    [Test]
    public void A_file_in_a_folder_of_its_own_is_not_taken_for_gone()
    {
        using var storage = new InMemoryStorage();
        DeltaTable table = TestTable.Open(storage);
        table.Commit([TestTable.File("part/a.parquet"), TestTable.File("b.parquet")], [], 1, "WRITE");
        table.Commit([], ["part/a.parquet", "b.parquet"], 1, "WRITE");
        DeltaTable again = TestTable.Open(storage);
        Assert.That((again.Snapshot.Knows("part/a.parquet"), again.Snapshot.Knows("b.parquet")), Is.EqualTo((true, false)));
    }

    [Test]
    public void A_second_writer_is_an_error_that_says_so_and_ends_the_commits()
    {
        using var storage = new InMemoryStorage();
        DeltaTable first = TestTable.Open(storage);
        DeltaTable second = TestTable.Open(storage);
        first.Commit([TestTable.File("a.parquet")], [], 1, "WRITE");
        Assert.That(
            () => second.Commit([TestTable.File("b.parquet")], [], 1, "WRITE"),
            Throws.InstanceOf<LambdaCoreException>().With.Message.Contains("00000000000000000001.json").And.Message.Contains("only writer"));
        Assert.That(() => second.Commit([TestTable.File("b.parquet")], [], 1, "WRITE"), Throws.InstanceOf<LambdaCoreException>());
        Assert.That(TestTable.Describe(TestTable.Open(storage)), Is.EqualTo(TestTable.Describe(first)));
    }

    [Test]
    public void Other_columns_are_refused_by_name()
    {
        using var storage = new InMemoryStorage();
        TestTable.Open(storage);
        var wanted = new DeltaSchema(
        [
            new DeltaColumn("Added", "string", isNullable: true),
            new DeltaColumn("Price", "decimal(38,9)", isNullable: true),
            new DeltaColumn("Timestamp", "timestamp", isNullable: true),
        ]);
        Assert.That(() => TestTable.Open(storage, wanted), Throws.InstanceOf<LambdaCoreException>()
            .With.Message.Contains("'Added' (string?) is not in the table")
            .And.Message.Contains("'Timestamp' is timestamp in the table and timestamp? now")
            .And.Message.Contains("'Price' is decimal(38,9)? lambdacore.kind=Decimal in the table and decimal(38,9)? now")
            .And.Message.Contains("'_position' (long) of the table is gone"));
    }

    [Test]
    public void The_order_of_columns_does_not_count()
    {
        using var storage = new InMemoryStorage();
        TestTable.Open(storage);
        Assert.That(() => TestTable.Open(storage, new DeltaSchema(TestTable.Schema.Columns.Reverse())), Throws.Nothing);
    }

    [TestCase("int128")]
    [TestCase("decimal(39,9)")]
    [TestCase("decimal(10,11)")]
    [TestCase("timestamp_ntz")]
    public void A_type_beyond_reader_version_1_is_refused(string type) =>
        Assert.That(() => new DeltaColumn("c", type, isNullable: true), Throws.ArgumentException.With.Message.Contains(type));

    [Test]
    public void Columns_that_differ_in_case_only_are_refused() =>
        Assert.That(
            () => new DeltaSchema([new DeltaColumn("id", "long", isNullable: false), new DeltaColumn("Id", "long", isNullable: false)]),
            Throws.ArgumentException.With.Message.Contains("'Id'"));

    [Test]
    public void A_view_copied_from_another_store_is_refused()
    {
        using var storage = new InMemoryStorage();
        var store = Guid.NewGuid();
        DeltaTable view = TestTable.Open(storage, storeId: store);
        Assert.That(view.StoreId, Is.EqualTo(store));
        Assert.That(TestTable.Open(storage, storeId: store).CoveredPosition, Is.Zero);
        Assert.That(() => TestTable.Open(storage, storeId: Guid.NewGuid()), Throws.InstanceOf<LambdaCoreException>().With.Message.Contains("another store"));
    }

    [Test]
    public void Files_that_no_version_has_or_had_are_named()
    {
        using var storage = new InMemoryStorage();
        DeltaTable table = TestTable.Open(storage);
        foreach (string name in new[] { "a.parquet", "b.parquet", "c.parquet", "d.lookup" })
        {
            storage.PublishNew($"{TestTable.Folder}/{name}", [1]);
        }

        table.Commit([TestTable.File("a.parquet"), TestTable.File("b.parquet")], [], 1, "WRITE");
        table.Commit([], ["a.parquet"], 1, "WRITE");
        Assert.That(table.UnknownFiles(".parquet"), Is.EqualTo(new[] { "c.parquet" }));
        Assert.That(table.UnknownFiles(".lookup"), Is.EqualTo(new[] { "d.lookup" }));
    }

    [Test]
    public void Older_versions_are_known_until_their_files_are_gone_from_the_disk()
    {
        using var storage = new InMemoryStorage();
        DeltaTable table = TestTable.Open(storage);
        foreach (string name in new[] { "a.parquet", "b.parquet", "ab.parquet", "c.parquet" })
        {
            storage.PublishNew($"{TestTable.Folder}/{name}", [1]);
        }

        table.Commit([TestTable.File("a.parquet"), TestTable.File("b.parquet")], [], 1, "WRITE");
        table.Commit([TestTable.File("ab.parquet")], ["a.parquet", "b.parquet"], 1, "COMPACT", isDataChange: false);
        table.Commit([TestTable.File("c.parquet")], [], 2, "WRITE");
        DeltaTable again = TestTable.Open(storage);
        foreach (DeltaTable each in new[] { table, again })
        {
            Assert.That(each.Snapshot.FilesAt(0), Is.Empty);
            Assert.That(each.Snapshot.FilesAt(1)!.Select(f => f.Path), Is.EqualTo(new[] { "a.parquet", "b.parquet" }));
            Assert.That(each.Snapshot.FilesAt(2)!.Select(f => f.Path), Is.EqualTo(new[] { "ab.parquet" }));
            Assert.That(each.Snapshot.FilesAt(3)!.Select(f => f.Path), Is.EqualTo(new[] { "ab.parquet", "c.parquet" }));
            Assert.That(each.Snapshot.Removed.Select(f => (f.File.Path, f.AddedIn, f.RemovedIn)), Is.EquivalentTo(new[] { ("a.parquet", 1L, 2L), ("b.parquet", 1L, 2L) }));
            Assert.That(each.Snapshot.OldestWhole.Version, Is.Zero);
        }

        storage.Delete($"{TestTable.Folder}/a.parquet");
        table.Forget(["a.parquet", "ab.parquet", "never.parquet"]);
        again = TestTable.Open(storage);
        foreach (DeltaTable each in new[] { table, again })
        {
            Assert.That(each.Snapshot.FilesAt(1), Is.Null);
            Assert.That(each.Snapshot.FilesAt(2)!.Select(f => f.Path), Is.EqualTo(new[] { "ab.parquet" }));
            Assert.That(each.Snapshot.Removed.Select(f => f.File.Path), Is.EqualTo(new[] { "b.parquet" }));
            Assert.That(each.Snapshot.OldestWhole.Version, Is.EqualTo(2));
            Assert.That(each.Snapshot.OldestWhole.Since, Is.EqualTo(table.Snapshot.OldestWhole.Since));
            Assert.That(each.Snapshot.Knows("a.parquet"), Is.False);
            Assert.That(each.Snapshot.Knows("b.parquet"), Is.True);
        }
    }

    [Test]
    public void A_commit_says_whether_rows_change()
    {
        using var storage = new InMemoryStorage();
        DeltaTable table = TestTable.Open(storage);
        table.Commit([TestTable.File("a.parquet")], [], 1, "WRITE");
        Assert.That(TestTable.Open(storage).Snapshot.LastCommit.IsDataChange, Is.True);
        table.Commit([TestTable.File("b.parquet")], ["a.parquet"], 1, "COMPACT", isDataChange: false);
        Assert.That(TestTable.Open(storage).Snapshot.LastCommit.IsDataChange, Is.False);
        string json = System.Text.Encoding.UTF8.GetString(storage.ReadAll($"{TestTable.Folder}/_delta_log/00000000000000000002.json"));
        Assert.That(json.Split('\n').Count(line => line.Contains("\"dataChange\":false", StringComparison.Ordinal)), Is.EqualTo(2));
    }

    [Test]
    public void Files_of_other_names_in_the_log_are_left_alone()
    {
        using var storage = new InMemoryStorage();
        DeltaTable table = TestTable.Open(storage);
        foreach (string name in new[] { "_last_checkpoint", "00000000000000000000.crc", "00000000000000000001.json.tmp", ".00000000000000000001.json.crc", "1.json", "0000000000000000000x.json" })
        {
            storage.PublishNew($"{TestTable.Folder}/_delta_log/{name}", "nonsense"u8);
        }

        Assert.That(TestTable.Describe(TestTable.Open(storage)), Is.EqualTo(TestTable.Describe(table)));
        Assert.That(storage.List($"{TestTable.Folder}/_delta_log"), Has.Count.EqualTo(7));
    }
}
