using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace LambdaCore.Tables;

/// <summary>Writes a commit as the lines of JSON of PROTOCOL.md, "Actions", with the protocol that its table needs (<see cref="DeltaProtocol"/>).</summary>
/// <remarks>
/// The protocol protects a commit by nothing, so the first line, <c>commitInfo</c>, which is free for facts, ends in the
/// property <c>sha256</c>: the hash of all bytes of the file but its own 64 digits. Its property <c>previous</c>
/// is the hash of the commit before. So a changed bit is found, and so is a commit that belongs to another table
/// or another version.
/// </remarks>
internal static class DeltaCommitWriter
{
    /// <summary>How many bytes follow the digits of the hash in the first line, with the end of the line.</summary>
    public const int BytesAfterHash = 4;

    /// <summary>What <c>previous</c> is in version 0.</summary>
    public static readonly string NoHash = new('0', 64);

    /// <summary>JSON on one line; what is beyond ASCII is written as it is, since nobody puts it into a web page.</summary>
    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly string Engine = $"LambdaCore/{typeof(DeltaCommitWriter).Assembly.GetName().Version!.ToString(3)}";

    /// <summary>The content of the commit's file.</summary>
    /// <param name="commit">The commit.</param>
    /// <param name="previousHash">The hash of the commit before, or <see cref="NoHash"/>.</param>
    /// <param name="hash">The hash of this one.</param>
    public static byte[] Write(DeltaCommit commit, string previousHash, out string hash)
    {
        using var buffer = new MemoryStream();
        WriteLine(buffer, "commitInfo", json => WriteCommitInfo(json, commit, previousHash));
        int hashEnd = (int)buffer.Length - BytesAfterHash;
        if (commit.Metadata is DeltaMetadata metadata)
        {
            WriteLine(buffer, "protocol", DeltaProtocol.Of(metadata.Schema).Write);
            WriteLine(buffer, "metaData", json => WriteMetadata(json, metadata));
        }

        foreach ((string application, long version) in commit.Transactions)
        {
            WriteLine(buffer, "txn", json => WriteTransaction(json, application, version, commit.Timestamp));
        }

        foreach (string path in commit.Removed)
        {
            WriteLine(buffer, "remove", json => WriteRemove(json, path, commit));
        }

        foreach (DeltaFile file in commit.Added)
        {
            WriteLine(buffer, "add", json => WriteAdd(json, file, commit.IsDataChange));
        }

        byte[] content = buffer.ToArray();
        hash = HashOf(content, hashEnd);
        Encoding.ASCII.GetBytes(hash, content.AsSpan(hashEnd - NoHash.Length));
        return content;
    }

    /// <summary>The hash of a commit's file: of all its bytes but the digits that end at a place.</summary>
    public static string HashOf(ReadOnlySpan<byte> content, int hashEnd)
    {
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha256.AppendData(content[..(hashEnd - NoHash.Length)]);
        sha256.AppendData(content[hashEnd..]);
        return Convert.ToHexStringLower(sha256.GetHashAndReset());
    }

    /// <summary>A schema as the protocol's <c>schemaString</c>.</summary>
    public static string SchemaString(DeltaSchema schema)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteString("type", "struct");
            json.WriteStartArray("fields");
            foreach (DeltaColumn column in schema.Columns)
            {
                json.WriteStartObject();
                json.WriteString("name", column.Name);
                json.WriteString("type", column.Type);
                json.WriteBoolean("nullable", column.IsNullable);
                WriteColumnMetadata(json, column);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private static void WriteLine(MemoryStream buffer, string action, Action<Utf8JsonWriter> writeFields)
    {
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteStartObject(action);
            writeFields(json);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        buffer.WriteByte((byte)'\n');
    }

    private static void WriteCommitInfo(Utf8JsonWriter json, DeltaCommit commit, string previousHash)
    {
        json.WriteNumber("timestamp", commit.Timestamp.ToUnixTimeMilliseconds());
        json.WriteString("operation", commit.Operation);
        WriteMap(json, "operationParameters", commit.Facts);
        json.WriteString("engineInfo", Engine);
        json.WriteString("previous", previousHash);
        json.WriteString("sha256", NoHash);
    }

    private static void WriteMetadata(Utf8JsonWriter json, DeltaMetadata metadata)
    {
        json.WriteString("id", metadata.Id);
        json.WriteString("name", metadata.Name);
        json.WriteStartObject("format");
        json.WriteString("provider", "parquet");
        json.WriteStartObject("options");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteString("schemaString", SchemaString(metadata.Schema));
        json.WriteStartArray("partitionColumns");
        json.WriteEndArray();
        WriteMap(json, "configuration", metadata.Properties.SetItems(DeltaProtocol.Of(metadata.Schema).Properties));
        json.WriteNumber("createdTime", metadata.CreatedTime.ToUnixTimeMilliseconds());
    }

    private static void WriteColumnMetadata(Utf8JsonWriter json, DeltaColumn column)
    {
        json.WriteStartObject("metadata");
        if (column.Mapping is { } mapping)
        {
            json.WriteNumber(DeltaProtocol.MappingId, mapping.Id);
            json.WriteString(DeltaProtocol.MappingName, mapping.PhysicalName);
        }

        if (column.FormerTypes.Count > 0)
        {
            json.WriteStartArray(DeltaProtocol.TypeChanges);
            foreach ((string from, string to) in column.TypeChanges)
            {
                json.WriteStartObject();
                json.WriteString("fromType", from);
                json.WriteString("toType", to);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        foreach ((string key, string value) in column.Metadata)
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
    }

    private static void WriteTransaction(Utf8JsonWriter json, string application, long version, DateTimeOffset time)
    {
        json.WriteString("appId", application);
        json.WriteNumber("version", version);
        json.WriteNumber("lastUpdated", time.ToUnixTimeMilliseconds());
    }

    private static void WriteRemove(Utf8JsonWriter json, string path, DeltaCommit commit)
    {
        json.WriteString("path", DeltaPath.Encode(path));
        json.WriteNumber("deletionTimestamp", commit.Timestamp.ToUnixTimeMilliseconds());
        json.WriteBoolean("dataChange", commit.IsDataChange);
    }

    private static void WriteAdd(Utf8JsonWriter json, DeltaFile file, bool isDataChange)
    {
        json.WriteString("path", DeltaPath.Encode(file.Path));
        json.WriteStartObject("partitionValues");
        json.WriteEndObject();
        json.WriteNumber("size", file.Size);
        json.WriteNumber("modificationTime", file.ModificationTime.ToUnixTimeMilliseconds());
        json.WriteBoolean("dataChange", isDataChange);
        if (file.Stats is string stats)
        {
            json.WriteString("stats", stats);
        }

        WriteMap(json, "tags", file.Tags.Add(DeltaFile.Sha256Tag, file.Sha256));
    }

    private static void WriteMap(Utf8JsonWriter json, string name, IReadOnlyDictionary<string, string> map)
    {
        json.WriteStartObject(name);
        foreach ((string key, string value) in map)
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
    }
}
