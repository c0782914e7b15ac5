using System.Text;
using LambdaCore.Storage;
using LambdaCore.Tables;
using NUnit.Framework;

namespace LambdaCore.Tests.Tables;

/// <summary>Whatever happens to the files of the transaction log: a clear error or the same table, never another one.</summary>
[TestFixture]
internal sealed class DeltaDamageTests
{
    private const string LogFolder = $"{TestTable.Folder}/_delta_log";

    [Test]
    public void Every_flipped_bit_is_found()
    {
        List<byte[]> commits = Commits(out _);
        for (int version = 0; version < commits.Count; version++)
        {
            for (int bit = 0; bit < commits[version].Length * 8; bit++)
            {
                List<byte[]> damaged = [.. commits];
                damaged[version] = (byte[])commits[version].Clone();
                damaged[version][bit / 8] ^= (byte)(1 << (bit % 8));
                AssertRefused(damaged, $"{version:D20}.json", $"version {version}, bit {bit}");
            }
        }
    }

    [Test]
    public void Every_truncation_is_found()
    {
        List<byte[]> commits = Commits(out _);
        for (int version = 0; version < commits.Count; version++)
        {
            for (int length = 0; length < commits[version].Length; length++)
            {
                List<byte[]> damaged = [.. commits];
                damaged[version] = commits[version][..length];
                AssertRefused(damaged, $"{version:D20}.json", $"version {version}, length {length}");
            }
        }
    }

    [Test]
    public void Random_edits_of_lines_are_found()
    {
        int seed = TestTable.NewSeed();
        var random = new Random(seed);
        List<byte[]> commits = Commits(out string healthy);
        for (int round = 0; round < 2000; round++)
        {
            int version = random.Next(commits.Count);
            List<byte[]> damaged = [.. commits];
            damaged[version] = Edited(commits, version, random);
            try
            {
                Assert.That(TestTable.Describe(Open(damaged)), Is.EqualTo(healthy), $"seed {seed}, round {round}");
            }
            catch (TableCorruptException)
            {
            }
        }
    }

    [Test]
    public void A_missing_version_is_named()
    {
        List<byte[]> commits = Commits(out _);
        using InMemoryStorage storage = Store(commits);
        storage.Delete($"{LogFolder}/00000000000000000001.json");
        Assert.That(() => TestTable.Open(storage), Throws.InstanceOf<TableCorruptException>().With.Message.Contains("00000000000000000001.json").And.Message.Contains("missing"));
        storage.Delete($"{LogFolder}/00000000000000000000.json");
        Assert.That(() => TestTable.Open(storage), Throws.InstanceOf<TableCorruptException>().With.Message.Contains("00000000000000000000.json"));
    }

    [Test]
    public void Commits_in_another_order_or_of_another_table_are_refused()
    {
        List<byte[]> commits = Commits(out _);
        List<byte[]> others = Commits(out _);
        AssertRefused([commits[0], commits[2], commits[1], commits[3]], "00000000000000000001.json", "swapped");
        AssertRefused([commits[0], commits[1], commits[2], commits[2]], "00000000000000000003.json", "twice");
        AssertRefused([commits[0], commits[1], others[2], commits[3]], "00000000000000000002.json", "of another table");
    }

    [TestCase("""{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["columnMapping"],"writerFeatures":[]}}""", "reader version 3")]
    [TestCase("""{"protocol":{"minReaderVersion":1,"minWriterVersion":4}}""", "writer version 4")]
    [TestCase("""{"protocol":{"minWriterVersion":2}}""", "minReaderVersion")]
    [TestCase("""{"add":{"path":"x.parquet","partitionValues":{},"size":1,"modificationTime":1,"dataChange":true}}""", "add.tags")]
    [TestCase("""{"add":{"path":"x.parquet","size":"1","modificationTime":1,"tags":{"sha256":"0000000000000000000000000000000000000000000000000000000000000000"}}}""", "add.size")]
    [TestCase("""{"add":{"path":"x.parquet","size":-1,"modificationTime":1,"tags":{"sha256":"0000000000000000000000000000000000000000000000000000000000000000"}}}""", "add.size")]
    [TestCase("""{"add":{"path":"../x","size":1,"modificationTime":1,"tags":{"sha256":"0000000000000000000000000000000000000000000000000000000000000000"}}}""", "../x")]
    [TestCase("""{"add":{"path":"%7e","size":1,"modificationTime":1,"tags":{"sha256":"0000000000000000000000000000000000000000000000000000000000000000"}}}""", "%7e")]
    [TestCase("""{"add":{"path":"x","deletionVector":{"storageType":"u"}}}""", "deletion vector")]
    [TestCase("""{"remove":{"path":"never-added.parquet"}}""", "never-added.parquet")]
    [TestCase("{\"txn\":{\"appId\":\"a\",\"version\":1}}\n{\"txn\":{\"appId\":\"a\",\"version\":2}}", "two 'txn'")]
    [TestCase("""{"remove":{"path":"d.parquet"}}""", "does not have it")]
    [TestCase("""{"add":{"path":"x","path":"y"}}""", "not JSON")]
    [TestCase("""[]""", "no JSON object")]
    [TestCase("""nonsense""", "not JSON")]
    public void What_a_commit_may_not_say_is_refused_with_file_and_line(string line, string expected)
    {
        List<byte[]> commits = Commits(out _);
        commits[^1] = Resealed(commits[^1], line);
        Assert.That(() => Open(commits), Throws.InstanceOf<TableCorruptException>()
            .With.Message.Contains(expected).And.Message.Contains("00000000000000000003.json"));
    }

    [TestCase("""{"unheardOf":{"a":[1]}}""")]
    [TestCase("""{"txn":{"appId":"another","version":7,"future":{}}}""")]
    [TestCase("""{"cdc":{"path":"x"},"domainMetadata":{"domain":"d"}}""")]
    public void Actions_and_fields_that_nobody_knows_are_ignored(string line)
    {
        List<byte[]> commits = Commits(out string healthy);
        commits[^1] = Resealed(commits[^1], line);
        Assert.That(TestTable.Describe(Open(commits)), Is.EqualTo(healthy));
    }

    [Test]
    public void A_commit_of_another_program_is_refused_with_what_to_do()
    {
        List<byte[]> commits = Commits(out _);
        commits.Add(Encoding.UTF8.GetBytes("""
            {"commitInfo":{"timestamp":1515491537026,"operation":"OPTIMIZE","engineInfo":"Apache-Spark/3.5 Delta-Lake/3.2"}}
            {"remove":{"path":"a.parquet","deletionTimestamp":1515488792485,"dataChange":false}}

            """));
        Assert.That(() => Open(commits), Throws.InstanceOf<TableCorruptException>().With.Message.Contains("another program").And.Message.Contains("copy"));
    }

    /// <summary>A table with four versions, as files and as text.</summary>
    private static List<byte[]> Commits(out string description)
    {
        using var storage = new InMemoryStorage();
        DeltaTable table = TestTable.Open(storage);
        table.Commit([TestTable.File("a.parquet"), TestTable.File("b.parquet")], [], 10, "WRITE");
        table.Commit([TestTable.File("c.parquet", tags: [KeyValuePair.Create("end", "20")])], ["a.parquet"], 20, "WRITE");
        table.Commit([TestTable.File("d.parquet")], [], 30, "WRITE", [KeyValuePair.Create("fact", "1")]);
        description = TestTable.Describe(table);
        return [.. storage.List(LogFolder).Select(name => storage.ReadAll($"{LogFolder}/{name}"))];
    }

    private static InMemoryStorage Store(List<byte[]> commits)
    {
        var storage = new InMemoryStorage();
        storage.CreateFolder(LogFolder);
        for (int version = 0; version < commits.Count; version++)
        {
            storage.PublishNew($"{LogFolder}/{version:D20}.json", commits[version]);
        }

        return storage;
    }

    private static DeltaTable Open(List<byte[]> commits)
    {
        using InMemoryStorage storage = Store(commits);
        return TestTable.Open(storage);
    }

    private static void AssertRefused(List<byte[]> commits, string file, string message)
    {
        TableCorruptException? error = null;
        try
        {
            Open(commits);
        }
        catch (TableCorruptException exception)
        {
            error = exception;
        }

        Assert.That(error?.Message, Does.Contain(file), message);
    }

    /// <summary>A commit with one more line and a hash that fits, as a newer version of this library could write it.</summary>
    private static byte[] Resealed(byte[] commit, string line)
    {
        byte[] content = [.. commit, .. Encoding.UTF8.GetBytes(line), (byte)'\n'];
        int hashEnd = Array.IndexOf(content, (byte)'\n') + 1 - DeltaCommitWriter.BytesAfterHash;
        Encoding.ASCII.GetBytes(DeltaCommitWriter.HashOf(content, hashEnd), content.AsSpan(hashEnd - 64));
        return content;
    }

    private static byte[] Edited(List<byte[]> commits, int version, Random random)
    {
        List<string> lines = [.. Encoding.UTF8.GetString(commits[version]).Split('\n')];
        int line = random.Next(lines.Count);
        string[] foreign = Encoding.UTF8.GetString(commits[random.Next(commits.Count)]).Split('\n');
        switch (random.Next(5))
        {
            case 0:
                lines.RemoveAt(line);
                break;
            case 1:
                lines.Insert(line, foreign[random.Next(foreign.Length)]);
                break;
            case 2:
                lines[line] = foreign[random.Next(foreign.Length)];
                break;
            case 3:
                lines.Reverse();
                break;
            default:
                int at = random.Next(lines[line].Length + 1);
                lines[line] = lines[line].Insert(at, $"{(char)random.Next(32, 127)}");
                break;
        }

        return Encoding.UTF8.GetBytes(string.Join('\n', lines));
    }
}
