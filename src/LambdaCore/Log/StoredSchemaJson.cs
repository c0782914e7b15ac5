using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using LambdaCore.Tables;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>A <see cref="StoredSchema"/> as text: a property of the Delta table of the master dataset.</summary>
internal static class StoredSchemaJson
{
    /// <summary>The name of the table's property.</summary>
    public const string Property = "lambdacore.schema";

    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>The table's property for a schema.</summary>
    public static KeyValuePair<string, string> Write(StoredSchema schema) => KeyValuePair.Create(
        Property,
        JsonSerializer.Serialize(
            new Whole(
                schema.EventTime,
                [.. schema.Columns.Select(c => new Column(
                    c.Id, c.Physical, c.Name, c.Type.ToString(), c.IsRetired, c.FormerNames, c.FormerTypes, [.. c.Fills.Select(f => new Fill(f.Schema, f.Kind.ToString(), f.Value))]))],
                [.. schema.Versions.Select(v => new Version(
                    v.Id, v.Start.Value, v.Fingerprint.ToString("x16", CultureInfo.InvariantCulture), [.. v.Columns.Select(c => $"{c.Column}:{c.Type}")]))],
                schema.Amendments),
            Options));

    /// <summary>The schema of a table.</summary>
    /// <param name="folder">The table's folder, for messages.</param>
    /// <param name="metadata">What the table says of itself.</param>
    /// <exception cref="TableCorruptException">It says no schema.</exception>
    public static StoredSchema Read(string folder, DeltaMetadata metadata)
    {
        if (!metadata.Properties.TryGetValue(Property, out string? text))
        {
            throw TableCorruptException.At(folder, 0, $"the table has no property '{Property}', so it cannot be told what its events are");
        }

        try
        {
            Whole whole = JsonSerializer.Deserialize<Whole>(text, Options) ?? throw new JsonException("It is null.");
            StoredSchema schema = new(
                [.. Present(whole.Columns).Select(c => new StoredColumn(c.Id, c.Physical, c.Name, TypeOf(c.Type))
                {
                    IsRetired = c.Retired,
                    FormerNames = [.. Present(c.Former)],
                    FormerTypes = [.. Present(c.Narrower)],
                    Fills = [.. Present(c.Fills).Select(f => new ColumnFill(f.Schema, Enum.Parse<ValueKind>(f.Kind), f.Value))],
                })],
                [.. Present(whole.Versions).Select(v => new SchemaVersion(
                    v.Id, new LogPosition(v.Start), ulong.Parse(v.Encoding, NumberStyles.HexNumber, CultureInfo.InvariantCulture), [.. Present(v.Columns).Select(ColumnOf)]))],
                whole.EventTime,
                whole.Amendments);

            // Whether its parts fit each other is shown by what it is for.
            _ = MasterSchema.Delta(schema, MasterSchema.OwnOfMaster);
            _ = new SegmentSource(schema, MasterSchema.OwnOfMaster);
            _ = new EventFileColumns(schema, MasterSchema.OwnOfMaster).FieldIds;
            return schema;
        }
        catch (Exception error) when (error is JsonException or FormatException or ArgumentException or OverflowException or InvalidOperationException or KeyNotFoundException or IndexOutOfRangeException)
        {
            throw TableCorruptException.At(folder, 0, $"the property '{Property}' of the table is no schema that this library writes ({error.Message})", error);
        }
    }

    private static IEnumerable<T> Present<T>(IReadOnlyList<T> items) => items.Contains(default) ? throw new JsonException("An item of a list is null.") : items;

    private static VersionColumn ColumnOf(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        return new VersionColumn(int.Parse(text.AsSpan(0, Math.Max(0, colon)), NumberStyles.None, CultureInfo.InvariantCulture), TypeOf(text[(colon + 1)..]));
    }

    private static ScalarType TypeOf(string text) => new(Enum.Parse<ValueKind>(text.TrimEnd('?')), text.EndsWith('?'));

    private sealed record Whole(
        int EventTime,
        IReadOnlyList<Column> Columns,
        IReadOnlyList<Version> Versions,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] StoredAmendments? Amendments = null);

    private sealed record Column(
        int Id, string Physical, string Name, string Type, bool Retired, IReadOnlyList<string> Former, IReadOnlyList<string> Narrower, IReadOnlyList<Fill> Fills);

    private sealed record Fill(int Schema, string Kind, string Value);

    private sealed record Version(int Id, long Start, string Encoding, IReadOnlyList<string> Columns);
}
