using LambdaCore.DuckDb;
using NUnit.Framework;

namespace LambdaCore.Tests.DuckDb;

/// <summary>What SQL can reach from inside an instance: its own folder, and nothing else.</summary>
[TestFixture]
internal sealed class HardeningTests : DuckDbFixture
{
    private string Outside => Path.Combine(Folder, "outside.csv");

    [SetUp]
    public void Write_a_file_outside() => File.WriteAllText(Outside, "secret\n42\n");

    [TestCaseSource(typeof(Escapes), nameof(Escapes.All))]
    public void An_escape_is_blocked(string attempt)
    {
        string sql = Escapes.In(attempt, Folder, Outside);
        string[] before = [.. Directory.GetFileSystemEntries(Folder).Order()];

        Assert.That(() => Connection.Execute(sql), Throws.TypeOf<DuckDbException>());
        Assert.That(Directory.GetFileSystemEntries(Folder).Order(), Is.EqualTo(before), "nothing was written");
        Assert.That(File.ReadAllText(Outside), Is.EqualTo("secret\n42\n"));
    }

    [Test]
    public void A_pattern_finds_no_file_outside()
    {
        Assert.That(() => Rows("SELECT * FROM glob($1)", Path.Combine(Folder, "*")), Throws.TypeOf<DuckDbException>().Or.Empty);
    }

    [Test]
    public void Files_of_the_own_folder_can_be_written_listed_and_read()
    {
        Connection.Execute($"COPY (SELECT range AS i FROM range(10)) TO {Sql.Text(InStore("own 'quoted'.parquet"))} (FORMAT parquet)");

        Assert.That(Connection.Scalar<long>("SELECT count(*) FROM read_parquet($1)", InStore("*.parquet")), Is.EqualTo(10));
    }

    [Test]
    public void A_symbolic_link_out_of_the_folder_is_not_followed()
    {
        File.CreateSymbolicLink(InStore("link.csv"), Outside);
        Directory.CreateSymbolicLink(InStore("up"), Folder);

        Assert.That(() => Rows("SELECT * FROM read_csv($1)", InStore("link.csv")), Throws.TypeOf<DuckDbException>());
        Assert.That(() => Rows("SELECT * FROM read_csv($1)", InStore("up/outside.csv")), Throws.TypeOf<DuckDbException>());
        Assert.That(() => Connection.Execute($"COPY (SELECT 1) TO {Sql.Text(InStore("up/new.csv"))}"), Throws.TypeOf<DuckDbException>());
    }

    [Test]
    public void A_folder_that_is_reached_through_a_symbolic_link_can_be_used_by_either_name()
    {
        string link = Path.Combine(Folder, "link-to-store");
        Directory.CreateSymbolicLink(link, Path.Combine(Folder, "store"));
        using DuckDbInstance linked = new(new DuckDbOptions { AllowedDirectories = [link] });
        using DuckDbConnection connection = linked.Connect();

        connection.Execute($"COPY (SELECT range AS i FROM range(10)) TO {Sql.Text(Path.Combine(link, "a.parquet"))}");

        Assert.That(connection.Scalar<long>("SELECT count(*) FROM read_parquet($1)", Path.Combine(link, "a.parquet")), Is.EqualTo(10));
        Assert.That(connection.Scalar<long>("SELECT count(*) FROM read_parquet($1)", InStore("a.parquet")), Is.EqualTo(10));
    }

    [Test]
    public void A_relative_folder_is_refused()
        => Assert.That(() => new DuckDbInstance(new DuckDbOptions { AllowedDirectories = ["data"] }), Throws.ArgumentException.With.Message.Contains("data"));

    [Test]
    public void Without_allowed_folders_no_file_is_reached()
    {
        using DuckDbInstance closed = new(new DuckDbOptions());
        using DuckDbConnection connection = closed.Connect();

        Assert.That(() => connection.Execute($"COPY (SELECT 1) TO {Sql.Text(InStore("x.csv"))}"), Throws.TypeOf<DuckDbException>());
    }

    [Test]
    public void A_small_memory_limit_spills_into_the_temp_folder_or_fails_without_one()
    {
        const string sort = "CREATE TEMP TABLE big AS SELECT range AS i, repeat('x', 100) || range AS t FROM range(1000000) ORDER BY t";
        string temp = Path.Combine(Folder, "spill");
        DuckDbOptions small = new() { MemoryLimitBytes = 40_000_000, Threads = 1 };
        using DuckDbInstance spilling = new(small with { TempDirectory = temp });
        using DuckDbConnection able = spilling.Connect();
        using DuckDbInstance bound = new(small);
        using DuckDbConnection unable = bound.Connect();

        able.Execute(sort);
        Assert.That(able.Scalar<long>("SELECT count(*) FROM big"), Is.EqualTo(1_000_000));
        Assert.That(
            () => unable.Execute(sort),
            Throws.TypeOf<DuckDbException>().With.Property("ErrorType").EqualTo("Out of Memory"));
        Assert.That(bound.IsInvalidated, Is.False);
    }
}
