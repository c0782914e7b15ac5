using System.Text;
using LambdaCore.Storage;
using LambdaCore.Tables;
using NUnit.Framework;

namespace LambdaCore.Tests.Tables;

/// <summary>Commits whose hash is right, as another version of this library could have written them: what they may not say is refused with file, line and property.</summary>
[TestFixture]
internal sealed class DeltaCommitContentTests
{
    private const string Path = "log/_delta_log/00000000000000000000.json";
    private const string Protocol = """{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}""";
    private const string Metadata = """{"metaData":{"id":"00000000-0000-0000-0000-000000000007","name":"t","format":{"provider":"parquet"},"schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"a\",\"type\":\"long\",\"nullable\":false,\"metadata\":{}}]}","partitionColumns":[],"configuration":{},"createdTime":1}}""";
    private const string Transaction = """{"txn":{"appId":"00000000-0000-0000-0000-000000000007","version":0}}""";
    private const string Hash = "0000000000000000000000000000000000000000000000000000000000000000";

    [Test]
    public void What_the_cases_here_are_made_of_is_read()
    {
        DeltaCommit commit = Read(Protocol, Metadata, Transaction, """{"add":{"path":"x","size":1,"modificationTime":1,"tags":{"sha256":"HASH"}}}""");
        Assert.Multiple(() =>
        {
            Assert.That(commit.Metadata?.Schema.Columns.Single().ToString(), Is.EqualTo("long"));
            Assert.That(commit.Owner, Is.EqualTo(commit.Metadata?.Id));
            Assert.That(commit.Added.Single().Path, Is.EqualTo("x"));
            Assert.That(commit.IsDataChange, "a commit that does not say so changes rows");
        });
    }

    [TestCase("\"id\":\"00000000-0000-0000-0000-000000000007\"", "\"id\":\"seven\"", "'seven' is not a GUID")]
    [TestCase("\"provider\":\"parquet\"", "\"provider\":\"orc\"", "not Parquet")]
    [TestCase("\"partitionColumns\":[]", "\"partitionColumns\":[{}]", "partitioned")]
    [TestCase("\"partitionColumns\":[]", "\"partitionColumns\":[\"a\"]", "metaData.partitionColumns[0]")]
    [TestCase("\"partitionColumns\":[]", "\"partitionColumns\":{}", "'metaData.partitionColumns' is missing or not a JSON Array")]
    [TestCase("\"configuration\":{}", "\"configuration\":{\"p\":1}", "'metaData.configuration.p' is not a text")]
    [TestCase("\"createdTime\":1", "\"createdTime\":1.5", "'metaData.createdTime' is not a time")]
    [TestCase("\"createdTime\":1", "\"createdTime\":253402300800000", "'metaData.createdTime' is not a time")]
    [TestCase("\"createdTime\":1", "\"createdTime\":-62135596800001", "'metaData.createdTime' is not a time")]
    [TestCase("\\\"nullable\\\":false", "\\\"nullable\\\":0", "'metaData.schemaString.fields[0].nullable' is missing or not true or false")]
    [TestCase("\\\"nullable\\\":false,", "", "'metaData.schemaString.fields[0].nullable' is missing or not true or false")]
    [TestCase("\\\"type\\\":\\\"long\\\"", "\\\"type\\\":\\\"map\\\"", "'map', the type of the column 'a'")]
    [TestCase("\\\"type\\\":\\\"long\\\"", "\\\"type\\\":\\\"decimal(5\\\"", "'decimal(5'")]
    [TestCase("\\\"type\\\":\\\"long\\\"", "\\\"type\\\":\\\"decimal(5,x)\\\"", "'decimal(5,x)'")]
    [TestCase("\\\"type\\\":\\\"long\\\"", "\\\"type\\\":\\\"decimal(x,5)\\\"", "'decimal(x,5)'")]
    [TestCase("\\\"type\\\":\\\"long\\\"", "\\\"type\\\":\\\"decimal(0,0)\\\"", "'decimal(0,0)'")]
    [TestCase("\\\"metadata\\\":{}", "\\\"metadata\\\":{\\\"delta.columnMapping.id\\\":3000000000,\\\"delta.columnMapping.physicalName\\\":\\\"p\\\"}", "not a schema that this library writes")]
    [TestCase("\\\"metadata\\\":{}", "\\\"metadata\\\":{\\\"delta.columnMapping.id\\\":3}", "delta.columnMapping.physicalName' is missing")]
    [TestCase("{\\\"type\\\":\\\"struct\\\"", "[{\\\"type\\\":\\\"struct\\\"", "not a schema that this library writes")]
    [TestCase("\"schemaString\":\"{", "\"schemaString\":\"7\",\"ignored\":\"{", "'metaData.schemaString' holds no JSON object")]
    public void What_a_table_cannot_be_is_refused(string healthy, string changed, string expected)
    {
        string changedMetadata = Metadata.Replace(healthy, changed, StringComparison.Ordinal);
        Assert.That(changedMetadata, Is.Not.EqualTo(Metadata));
        AssertRefused(expected, 3, Protocol, changedMetadata);
    }

    [Test]
    public void A_table_is_described_once_in_a_commit() => AssertRefused("two 'metaData'", 4, Protocol, Metadata, Metadata);

    [TestCase("""{"minReaderVersion":2,"minWriterVersion":2}""")]
    [TestCase("""{"minReaderVersion":1,"minWriterVersion":3}""")]
    [TestCase("""{"minReaderVersion":3,"minWriterVersion":7}""")]
    [TestCase("""{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["appendOnly","invariants"]}""")]
    [TestCase("""{"minReaderVersion":3,"minWriterVersion":2,"readerFeatures":["columnMapping"],"writerFeatures":["appendOnly","invariants","columnMapping"]}""")]
    [TestCase("""{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"],"writerFeatures":["appendOnly","invariants","deletionVectors"]}""")]
    [TestCase("""{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["typeWidening"],"writerFeatures":["appendOnly","invariants"]}""")]
    public void A_protocol_that_this_library_does_not_write_is_refused(string protocol) =>
        AssertRefused("Open it with the newer library", 2, $$$"""{"protocol":{{{protocol}}}}""", Metadata);

    [TestCase("""["columnMapping",7]""", "'protocol.readerFeatures' has an item that is not a text")]
    [TestCase("7", "'protocol.readerFeatures' is missing or not a JSON Array")]
    public void Features_that_are_no_texts_are_refused(string features, string expected) =>
        AssertRefused(expected, 2, $$$"""{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":{{{features}}},"writerFeatures":[]}}""", Metadata);

    [TestCase("columnMapping")]
    [TestCase("typeWidening")]
    [TestCase("columnMapping", "typeWidening")]
    public void A_protocol_with_the_features_that_this_library_writes_is_read(params string[] features)
    {
        string readers = string.Join(',', features.Select(f => $"\"{f}\""));
        Assert.That(
            Read($$$"""{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":[{{{readers}}}],"writerFeatures":["appendOnly","invariants",{{{readers}}}]}}""", Metadata, Transaction).Metadata,
            Is.Not.Null);
    }

    [TestCase("""{"add":{"path":"x","size":1,"modificationTime":1,"tags":{"a":"b"}}}""", "the file has no tag 'sha256'")]
    [TestCase("""{"add":{"path":"x","size":1,"modificationTime":1,"tags":{"sha256":"0"}}}""", "64 lower-case hexadecimal digits")]
    [TestCase("""{"add":{"path":"x","size":1,"modificationTime":1,"stats":7,"tags":{"sha256":"HASH"}}}""", "'add.stats' is missing or not a JSON String")]
    [TestCase("""{"add":{"path":"_x","size":1,"modificationTime":1,"tags":{"sha256":"HASH"}}}""", "cannot be the path of a data file")]
    [TestCase("""{"add":{"path":"x","dataChange":1}}""", "'add.dataChange' is missing or not true or false")]
    [TestCase("""{"remove":{"path":"x","deletionVector":{}}}""", "deletion vector")]
    [TestCase("""{"remove":{"path":7}}""", "'remove.path' is missing or not a JSON String")]
    [TestCase("""{"remove":{"path":"\ud800"}}""", "not JSON")]
    [TestCase("""{"remove":{"path":"%ff"}}""", "not encoded")]
    [TestCase("""{"txn":{"appId":"00000000-0000-0000-0000-000000000008","version":-1}}""", "'txn.version' is not a whole number")]
    [TestCase("""{"txn":{"appId":"another","version":-2}}""", "'txn.version' is not a whole number")]
    [TestCase("""{"txn":{"appId":"another","version":1e30}}""", "'txn.version' is not a whole number")]
    public void What_a_file_or_a_transaction_cannot_be_is_refused(string line, string expected) =>
        AssertRefused(expected, 5, Protocol, Metadata, Transaction, line);

    [Test]
    public void An_application_that_is_forgotten_is_no_transaction_of_the_table()
    {
        using InMemoryStorage storage = Store(
            Sealed(Protocol, Metadata, Transaction, """{"txn":{"appId":"another","version":5}}"""),
            Transaction,
            """{"txn":{"appId":"another","version":-1}}""");
        DeltaTable table = DeltaTable.Open(storage, TimeProvider.System, "log", storeId: null)!;
        Assert.That(table.Snapshot.Transactions.Keys, Is.EqualTo(new[] { "00000000-0000-0000-0000-000000000007" }));
        Assert.That(table.ReadHistory().First().Transactions["another"], Is.EqualTo(5));
    }

    [Test]
    public void Files_take_the_place_of_others_where_every_action_says_so()
    {
        string[] commit = [Protocol, Metadata, Transaction, Add("x", "false"), Add("y", "false")];
        Assert.That(Read(commit).IsDataChange, Is.False);
        commit[^1] = Add("y", "true");
        Assert.That(Read(commit).IsDataChange, Is.True);

        static string Add(string path, string change) =>
            $$$$"""{"add":{"path":"{{{{path}}}}","size":1,"modificationTime":1,"dataChange":{{{{change}}}},"tags":{"sha256":"HASH"}}}""";
    }

    [Test]
    public void A_first_version_without_protocol_description_or_owner_is_refused()
    {
        AssertRefused("it has no 'protocol'", 0, Metadata, Transaction);
        AssertTableRefused("has no 'metaData'", Protocol, Transaction);
        AssertTableRefused("does not say which store it belongs to", Protocol, Metadata);
        AssertTableRefused("does not say which store it belongs to", Protocol, Metadata, Transaction, """{"txn":{"appId":"00000000-0000-0000-0000-000000000008","version":0}}""");
    }

    [Test]
    public void A_commit_without_an_owner_covers_nothing()
    {
        using InMemoryStorage storage = Store(Sealed(Protocol, Metadata));
        DeltaScraps scraps = DeltaScraps.Of(storage, "log");
        Assert.That((scraps.IsWhole, scraps.Owner, scraps.CoveredPosition), Is.EqualTo((true, (Guid?)null, 0L)));
    }

    [Test]
    public void A_commit_without_its_facts_or_its_last_line_feed_is_refused()
    {
        byte[] others = Encoding.UTF8.GetBytes($"{{\"other\":{{\"sha256\":\"{Hash}\"}}}}\n{Protocol}\n");
        Assert.That(() => Read(Seal(others)), Throws.InstanceOf<TableCorruptException>().With.Message.Contains("it has no 'commitInfo'").And.Message.Contains(Path));
        Assert.That(() => Read(Seal(Lines(Hash, [Protocol])[..^1])), Throws.InstanceOf<TableCorruptException>().With.Message.Contains("line 2").And.Message.Contains("has no end"));
    }

    [TestCase("\"timestamp\":1,", "", "commitInfo.timestamp")]
    [TestCase("\"operation\":\"WRITE\",", "", "commitInfo.operation")]
    [TestCase("\"operationParameters\":{},", "", "commitInfo.operationParameters")]
    [TestCase("\"operationParameters\":{}", "\"operationParameters\":{\"a\":null}", "commitInfo.operationParameters.a")]
    public void Facts_that_are_missing_or_of_another_kind_are_named(string healthy, string changed, string expected)
    {
        string lines = Encoding.UTF8.GetString(Lines(Hash, [Protocol]));
        Assert.That(lines, Does.Contain(healthy));
        byte[] content = Seal(Encoding.UTF8.GetBytes(lines.Replace(healthy, changed, StringComparison.Ordinal)));
        Assert.That(() => Read(content), Throws.InstanceOf<TableCorruptException>().With.Message.Contains($"'{expected}'").And.Message.Contains("line 1"));
    }

    private static DeltaCommit Read(params string[] lines) => Read(Sealed(lines));

    private static DeltaCommit Read(byte[] content) => DeltaCommitReader.Read(Path, 0, content, previousHash: null, out _);

    private static void AssertRefused(string expected, int line, params string[] lines)
    {
        TableCorruptException error = Assert.Throws<TableCorruptException>(() => Read(lines));
        Assert.That(error.Message, Does.Contain(expected).And.Contain(Path));
        Assert.That(error.Message, line > 0 ? Does.Contain($"', line {line}:") : Does.Not.Contain("', line "));
    }

    private static void AssertTableRefused(string expected, params string[] lines)
    {
        using InMemoryStorage storage = Store(Sealed(lines));
        Assert.That(() => DeltaTable.Open(storage, TimeProvider.System, "log", storeId: null), Throws.InstanceOf<TableCorruptException>().With.Message.Contains(expected).And.Message.Contains(Path));
    }

    private static InMemoryStorage Store(byte[] first, params string[] second)
    {
        InMemoryStorage storage = new();
        storage.CreateFolder("log/_delta_log");
        storage.PublishNew(Path, first);
        if (second.Length > 0)
        {
            _ = DeltaCommitReader.Read(Path, 0, first, previousHash: null, out string hash);
            storage.PublishNew("log/_delta_log/00000000000000000001.json", Seal(Lines(hash, second)));
        }

        return storage;
    }

    private static byte[] Sealed(params string[] lines) => Seal(Lines(Hash, lines));

    private static byte[] Lines(string previous, string[] lines) => Encoding.UTF8.GetBytes(
        $$$"""{"commitInfo":{"timestamp":1,"operation":"WRITE","operationParameters":{},"engineInfo":"x","previous":"{{{previous}}}","sha256":"{{{Hash}}}"}}""" + "\n"
        + string.Concat(lines.Select(l => l.Replace("HASH", Hash, StringComparison.Ordinal) + "\n")));

    private static byte[] Seal(byte[] content)
    {
        int hashEnd = Array.IndexOf(content, (byte)'\n') + 1 - DeltaCommitWriter.BytesAfterHash;
        Encoding.ASCII.GetBytes(DeltaCommitWriter.HashOf(content, hashEnd), content.AsSpan(hashEnd - Hash.Length));
        return content;
    }
}
