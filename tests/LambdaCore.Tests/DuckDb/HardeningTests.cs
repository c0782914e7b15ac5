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

    [TestCase("SELECT * FROM read_csv('{outside}')")]
    [TestCase("SELECT * FROM '{outside}'")]
    [TestCase("SELECT * FROM read_text('{outside}')")]
    [TestCase("SELECT * FROM read_blob('{outside}')")]
    [TestCase("SELECT * FROM read_json('{outside}')")]
    [TestCase("SELECT * FROM read_parquet('{outside}')")]
    [TestCase("SELECT * FROM read_csv('{store}/../outside.csv')")]
    [TestCase("SELECT * FROM read_csv('{store}/x/../../outside.csv')")]
    [TestCase("SELECT * FROM read_csv('file:{outside}')")]
    [TestCase("SELECT * FROM read_csv('file://{outside}')")]
    [TestCase("SELECT * FROM read_csv('/etc/passwd')")]
    [TestCase("SELECT * FROM read_csv('/proc/self/environ')")]
    [TestCase("SELECT * FROM read_csv('http://127.0.0.1:1/x.csv')")]
    [TestCase("SELECT * FROM read_parquet('s3://bucket/x.parquet')")]
    [TestCase("COPY (SELECT 1) TO '{outside}'")]
    [TestCase("COPY (SELECT 1) TO '{store}/../new.csv'")]
    [TestCase("COPY (SELECT 1) TO '{outside}.parquet' (FORMAT parquet)")]
    [TestCase("CREATE TABLE t(i INT); COPY t FROM '{outside}'")]
    [TestCase("EXPORT DATABASE '{folder}/export'")]
    [TestCase("IMPORT DATABASE '{folder}'")]
    [TestCase("ATTACH '{folder}/other.duckdb'")]
    [TestCase("INSTALL httpfs")]
    [TestCase("LOAD httpfs")]
    [TestCase("LOAD '{folder}/evil.duckdb_extension'")]
    [TestCase("SET enable_external_access = true")]
    [TestCase("SET lock_configuration = false")]
    [TestCase("SET GLOBAL allowed_directories = ['/']")]
    [TestCase("SET GLOBAL allowed_paths = ['{outside}']")]
    [TestCase("SET memory_limit = '100GB'")]
    [TestCase("SET threads = 64")]
    [TestCase("SET temp_directory = '{folder}'")]
    [TestCase("SET TimeZone = 'America/New_York'")]
    [TestCase("RESET enable_external_access")]
    [TestCase("SET extension_directory = '{folder}'")]
    [TestCase("SET secret_directory = '{folder}'")]
    [TestCase("SET log_query_path = '{folder}/log'")]
    [TestCase("PRAGMA enable_profiling; SET profiling_output = '{folder}/profile.json'; SELECT 1")]
    [TestCase("SELECT getenv('HOME')")]
    [TestCase("SELECT * FROM sniff_csv('{outside}')")]
    [TestCase("SELECT * FROM parquet_metadata('{outside}')")]
    public void An_escape_is_blocked(string attempt)
    {
        string sql = attempt.Replace("{outside}", Outside).Replace("{folder}", Folder).Replace("{store}", Path.Combine(Folder, "store"));
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
