using System.Globalization;
using System.Text.Json;

namespace LambdaCore.Tables;

/// <summary>
/// The protocol that a table needs: reader version 1 and writer version 2, which every reader knows, until a column was renamed or widened; from then on the
/// features that say so (PROTOCOL.md, "Table Features"). A column once mapped or widened stays so, so the protocol never goes back.
/// </summary>
/// <param name="IsMapped">Whether columns have other names in files than in the schema.</param>
/// <param name="IsWidened">Whether files have narrower types than the schema.</param>
/// <param name="Properties">The properties of the table that go with it.</param>
internal sealed record DeltaProtocol(bool IsMapped, bool IsWidened, IReadOnlyDictionary<string, string> Properties)
{
    /// <summary>The column metadata with the field id.</summary>
    public const string MappingId = "delta.columnMapping.id";

    /// <summary>The column metadata with the name in files.</summary>
    public const string MappingName = "delta.columnMapping.physicalName";

    /// <summary>The column metadata with the types of before.</summary>
    public const string TypeChanges = "delta.typeChanges";

    /// <summary>What the names of the protocol's own properties begin with.</summary>
    public const string PropertyPrefix = "delta.";

    private const int PlainReader = 1;
    private const int PlainWriter = 2;
    private const int FeatureReader = 3;
    private const int FeatureWriter = 7;

    /// <summary>The features that readers have to know.</summary>
    private string[] Features => [.. new[] { IsMapped ? "columnMapping" : "", IsWidened ? "typeWidening" : "" }.Where(f => f.Length > 0)];

    /// <summary>The protocol for a schema.</summary>
    public static DeltaProtocol Of(DeltaSchema schema)
    {
        bool isMapped = schema.Columns.Any(c => c.Mapping is not null);
        bool isWidened = schema.Columns.Any(c => c.FormerTypes.Count > 0);
        Dictionary<string, string> properties = new(StringComparer.Ordinal);
        if (isMapped)
        {
            properties["delta.columnMapping.mode"] = "name";
            properties["delta.columnMapping.maxColumnId"] = schema.Columns.Max(c => c.Mapping!.Id).ToString(CultureInfo.InvariantCulture);
        }

        if (isWidened)
        {
            properties["delta.enableTypeWidening"] = "true";
        }

        return new DeltaProtocol(isMapped, isWidened, properties);
    }

    /// <summary>Writes the fields of the action <c>protocol</c>.</summary>
    public void Write(Utf8JsonWriter json)
    {
        string[] features = Features;
        json.WriteNumber("minReaderVersion", features.Length == 0 ? PlainReader : FeatureReader);
        json.WriteNumber("minWriterVersion", features.Length == 0 ? PlainWriter : FeatureWriter);
        if (features.Length > 0)
        {
            WriteTexts(json, "readerFeatures", features);

            WriteTexts(json, "writerFeatures", WriterFeatures(features));
        }
    }

    /// <summary>Refuses a protocol that this library does not write.</summary>
    /// <exception cref="TableCorruptException">It is another.</exception>
    public static void Check(DeltaJson fields)
    {
        long reader = fields.Count("minReaderVersion");
        long writer = fields.Count("minWriterVersion");
        bool isKnown = fields.Has("readerFeatures") || fields.Has("writerFeatures")
            ? reader == FeatureReader && writer == FeatureWriter
                && fields.Texts("readerFeatures") is var features && features.All(f => f is "columnMapping" or "typeWidening")
                && fields.Texts("writerFeatures").SequenceEqual(WriterFeatures(features))
            : reader == PlainReader && writer == PlainWriter;
        if (!isKnown)
        {
            throw fields.Wrong(
                $"the table needs reader version {reader} and writer version {writer}, possibly with features, and this library knows {PlainReader} and {PlainWriter}, or the features columnMapping and typeWidening. Open it with the newer library that wrote it");
        }
    }

    /// <summary>What writer version 2 implies has to be named once there are features.</summary>
    private static IEnumerable<string> WriterFeatures(IEnumerable<string> features) => ["appendOnly", "invariants", .. features];

    private static void WriteTexts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }
}
