using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace LambdaCore.Tables;

/// <summary>Reads what <see cref="DeltaCommitWriter"/> wrote, and nothing else: a commit of another program, a damaged
/// one and one at the wrong place end in a <see cref="TableCorruptException"/>.</summary>
internal static class DeltaCommitReader
{
    private static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false };

    private static readonly byte[] HashName = "\"sha256\":\""u8.ToArray();

    /// <summary>Reads one commit.</summary>
    /// <param name="path">The file in the store, for messages.</param>
    /// <param name="version">The version that its name says.</param>
    /// <param name="content">Its bytes.</param>
    /// <param name="previousHash">The hash of the commit before, or <see cref="DeltaCommitWriter.NoHash"/>; null if it shall not be compared.</param>
    /// <param name="hash">The hash of this one.</param>
    public static DeltaCommit Read(string path, long version, byte[] content, string? previousHash, out string hash)
    {
        hash = VerifiedHash(path, content);
        var builder = new Builder(version);
        int number = 0;
        int start = 0;
        while (start < content.Length)
        {
            number++;
            int length = content.AsSpan(start).IndexOf((byte)'\n');
            if (length < 0)
            {
                throw TableCorruptException.At(path, number, "the line has no end");
            }

            Take(builder, path, number, content.AsMemory(start, length), previousHash);
            start += length + 1;
        }

        if (version == 0 && !builder.HasProtocol)
        {
            throw TableCorruptException.At(path, 0, "it has no 'protocol', which the first version must have");
        }

        return builder.Commit ?? throw TableCorruptException.At(path, 0, "it has no 'commitInfo'");
    }

    private static void Take(Builder builder, string path, int line, ReadOnlyMemory<byte> content, string? previousHash)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(content, Options);
            foreach ((string action, DeltaJson fields) in DeltaJson.Root(document.RootElement, path, line).Objects())
            {
                builder.Take(action, fields, previousHash);
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The latter says that an escaped text is no well-formed Unicode.
            throw TableCorruptException.At(path, line, $"it is not JSON ({exception.Message})", exception);
        }
    }

    private static string VerifiedHash(string path, byte[] content)
    {
        int firstLine = content.AsSpan().IndexOf((byte)'\n') + 1;
        int hashEnd = firstLine - DeltaCommitWriter.BytesAfterHash;
        int hashStart = hashEnd - DeltaCommitWriter.NoHash.Length;
        if (hashStart < HashName.Length || !content.AsSpan(0, hashStart).EndsWith(HashName) || !Utf8.IsValid(content))
        {
            throw TableCorruptException.At(
                path, 1, "it does not begin with a 'commitInfo' of this library, so another program wrote or changed it. Only the store may write its tables; to change them with another program, copy them first");
        }

        string found = Encoding.ASCII.GetString(content, hashStart, DeltaCommitWriter.NoHash.Length);
        string actual = DeltaCommitWriter.HashOf(content, hashEnd);
        return IsAsWritten(found, actual)
            ? found
            : throw TableCorruptException.At(path, 0, $"its SHA-256 is {actual}, but it was written as {found}, so its content has changed");
    }

    // Each check has a method of its own, so that tests can take one away at a time and see that it is missed.
    private static bool IsAsWritten(string found, string actual) => found == actual;

    private static bool Follows(string previous, string? previousHash) => previousHash is null || previous == previousHash;

    /// <summary>A commit that grows action by action.</summary>
    private sealed class Builder(long version)
    {
        private readonly List<DeltaFile> _added = [];
        private readonly List<string> _removed = [];
        private readonly ImmutableSortedDictionary<string, long>.Builder _transactions =
            ImmutableSortedDictionary.CreateBuilder<string, long>(StringComparer.Ordinal);

        private DeltaCommit? _info;
        private DeltaMetadata? _metadata;
        private bool _isDataChange;

        /// <summary>The commit; null while its commitInfo has not been seen.</summary>
        public DeltaCommit? Commit => _info is null
            ? null
            : _info with
            {
                Metadata = _metadata,
                Added = _added,
                Removed = _removed,
                Transactions = _transactions.ToImmutable(),
                IsDataChange = _isDataChange || _added.Count + _removed.Count == 0,
            };

        /// <summary>Whether the protocol was named, and is one that this library knows.</summary>
        public bool HasProtocol { get; private set; }

        /// <summary>Takes one action; unknown ones are ignored, as the protocol demands.</summary>
        public void Take(string action, DeltaJson fields, string? previousHash)
        {
            switch (action)
            {
                case "commitInfo":
                    TakeCommitInfo(fields, previousHash);
                    break;
                case "protocol":
                    DeltaProtocol.Check(fields);
                    HasProtocol = true;
                    break;
                case "metaData":
                    _metadata = _metadata is null ? ReadMetadata(fields) : throw fields.Wrong("there are two 'metaData' in one commit");
                    break;
                case "txn":
                    string application = fields.Text("appId");
                    if (!_transactions.TryAdd(application, fields.IsForgotten("version") && !DeltaCommit.IsStore(application) ? DeltaCommit.Forgotten : fields.Count("version")))
                    {
                        throw fields.Wrong($"there are two 'txn' of '{application}' in one commit");
                    }

                    break;
                case "add":
                    _isDataChange |= !fields.Has("dataChange") || fields.Boolean("dataChange");
                    _added.Add(ReadAdd(fields));
                    break;
                case "remove":
                    _isDataChange |= !fields.Has("dataChange") || fields.Boolean("dataChange");
                    RefuseDeletionVector(fields);
                    _removed.Add(ReadPath(fields));
                    break;
            }
        }

        private void TakeCommitInfo(DeltaJson fields, string? previousHash)
        {
            string previous = fields.Text("previous");
            if (!Follows(previous, previousHash))
            {
                throw fields.Wrong(
                    $"it follows a commit with the SHA-256 {previous}, but the one before it has {previousHash}, so one of the two belongs to another table or another version");
            }

            _info = new DeltaCommit
            {
                Version = version,
                Timestamp = fields.Time("timestamp"),
                Operation = fields.Text("operation"),
                Facts = fields.Map("operationParameters"),
            };
        }

        private static DeltaMetadata ReadMetadata(DeltaJson fields)
        {
            if (!Guid.TryParseExact(fields.Text("id"), "D", out Guid id))
            {
                throw fields.Wrong($"the table's id '{fields.Text("id")}' is not a GUID");
            }

            if (fields.Object("format").Text("provider") != "parquet" || fields.Array("partitionColumns").Any())
            {
                throw fields.Wrong("the table is partitioned or not Parquet");
            }

            return new DeltaMetadata(id, fields.Text("name"), ReadSchema(fields), fields.Time("createdTime"))
            {
                Properties = fields.Map("configuration").RemoveRange(
                    fields.Map("configuration").Keys.Where(k => k.StartsWith(DeltaProtocol.PropertyPrefix, StringComparison.Ordinal))),
            };
        }

        private static DeltaSchema ReadSchema(DeltaJson fields)
        {
            try
            {
                using JsonDocument schema = JsonDocument.Parse(fields.Text("schemaString"), Options);
                DeltaJson root = fields.At(schema.RootElement, "schemaString");
                return new DeltaSchema([.. root.Array("fields").Select(ReadColumn)]);
            }
            catch (Exception exception) when (exception is JsonException or ArgumentException or OverflowException)
            {
                throw fields.Wrong($"'schemaString' is not a schema that this library writes ({exception.Message})", exception);
            }
        }

        private static DeltaColumn ReadColumn(DeltaJson column)
        {
            DeltaJson metadata = column.Object("metadata");
            return new DeltaColumn(
                column.Text("name"),
                column.Text("type"),
                column.Boolean("nullable"),
                column.Map("metadata", DeltaProtocol.MappingId, DeltaProtocol.MappingName, DeltaProtocol.TypeChanges))
            {
                Mapping = metadata.Has(DeltaProtocol.MappingId)
                    ? new DeltaColumnMapping(checked((int)metadata.Count(DeltaProtocol.MappingId)), metadata.Text(DeltaProtocol.MappingName))
                    : null,
                FormerTypes = metadata.Has(DeltaProtocol.TypeChanges) ? [.. metadata.Array(DeltaProtocol.TypeChanges).Select(c => c.Text("fromType"))] : [],
            };
        }

        private static DeltaFile ReadAdd(DeltaJson fields)
        {
            RefuseDeletionVector(fields);
            ImmutableSortedDictionary<string, string> tags = fields.Map("tags");
            if (!tags.TryGetValue(DeltaFile.Sha256Tag, out string? sha256))
            {
                throw fields.Wrong($"the file has no tag '{DeltaFile.Sha256Tag}'");
            }

            try
            {
                return new DeltaFile(
                    ReadPath(fields), fields.Count("size"), sha256, fields.Time("modificationTime"), fields.TextOrNull("stats"), tags.Remove(DeltaFile.Sha256Tag));
            }
            catch (ArgumentException exception)
            {
                throw fields.Wrong(exception.Message, exception);
            }
        }

        private static string ReadPath(DeltaJson fields) =>
            DeltaPath.TryDecode(fields.Text("path"), out string path)
                ? path
                : throw fields.Wrong($"the path '{fields.Text("path")}' is not encoded as this library encodes it");

        private static void RefuseDeletionVector(DeltaJson fields)
        {
            if (fields.Has("deletionVector"))
            {
                throw fields.Wrong("a file has a deletion vector, which reader version 1 does not know");
            }
        }
    }
}
