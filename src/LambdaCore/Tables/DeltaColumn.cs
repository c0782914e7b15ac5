using System.Globalization;

namespace LambdaCore.Tables;

/// <summary>One column of a Delta table.</summary>
/// <remarks>Immutable.</remarks>
internal sealed class DeltaColumn
{
    private static readonly HashSet<string> PrimitiveTypes = new(StringComparer.Ordinal)
    {
        "boolean", "byte", "short", "integer", "long", "float", "double", "string", "binary", "date", "timestamp",
    };

    /// <summary>Describes a column.</summary>
    /// <param name="name">The name; not empty.</param>
    /// <param name="type">A primitive type as the protocol writes it (PROTOCOL.md, "Primitive Types"): "long",
    /// "timestamp", "decimal(38,9)", ...</param>
    /// <param name="isNullable">Whether a value may be missing.</param>
    /// <param name="metadata">Facts about the column that belong to the schema, such as the kind of value that a
    /// wider Delta type stands for.</param>
    public DeltaColumn(string name, string type, bool isNullable, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!PrimitiveTypes.Contains(type) && !IsDecimal(type))
        {
            throw new ArgumentException(
                $"'{type}', the type of the column '{name}', is not a primitive type of Delta tables with reader version 1: {string.Join(", ", PrimitiveTypes)}, decimal(p,s).",
                nameof(type));
        }

        Name = name;
        Type = type;
        IsNullable = isNullable;
        Metadata = new SortedDictionary<string, string>(
            metadata?.ToDictionary(pair => pair.Key, pair => pair.Value) ?? [], StringComparer.Ordinal);
    }

    /// <summary>The name; unique within a table regardless of case.</summary>
    public string Name { get; }

    /// <summary>The name and the id of the column in the files; null where a table has no mapping, so that the name is the same (PROTOCOL.md, "Column Mapping").</summary>
    public DeltaColumnMapping? Mapping { get; init; }

    /// <summary>The types that the column had before in some files, oldest first, each narrower than the next and than the type now (PROTOCOL.md, "Type Widening").</summary>
    public IReadOnlyList<string> FormerTypes { get; init; } = [];

    /// <summary>The type as the protocol writes it.</summary>
    public string Type { get; }

    /// <summary>Whether a value may be missing.</summary>
    public bool IsNullable { get; }

    /// <summary>Facts about the column, in ordinal order of their names.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The type, whether it is nullable, and the metadata, for messages and comparisons.</summary>
    public override string ToString()
    {
        string facts = string.Concat(Metadata.Select(pair => $" {pair.Key}={pair.Value}"));
        return $"{Type}{(IsNullable ? "?" : "")}{facts}";
    }

    /// <summary>The changes of type that led to the type now.</summary>
    public IEnumerable<(string From, string To)> TypeChanges => FormerTypes.Zip(FormerTypes.Skip(1).Append(Type));

    private static bool IsDecimal(string type) =>
        type.StartsWith("decimal(", StringComparison.Ordinal) && type.EndsWith(')')
        && type[8..^1].Split(',') is [string precision, string scale]
        && int.TryParse(precision, NumberStyles.None, CultureInfo.InvariantCulture, out int digits)
        && int.TryParse(scale, NumberStyles.None, CultureInfo.InvariantCulture, out int decimals)
        && digits is >= 1 and <= 38 && decimals <= digits;
}

/// <summary>How a column is called in the Parquet files of a table whose columns are mapped.</summary>
/// <param name="Id">The field id; unique among all columns that the table has or had.</param>
/// <param name="PhysicalName">The name; likewise unique, regardless of case.</param>
internal sealed record DeltaColumnMapping(int Id, string PhysicalName);
