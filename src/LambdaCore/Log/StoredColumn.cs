using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>What a property that has a value from some schema on reads as in events of the schemas before that have none.</summary>
/// <param name="Schema">The schema from which on it has one.</param>
/// <param name="Kind">The kind of the value.</param>
/// <param name="Value">The value, as <see cref="ValueText"/>.</param>
internal sealed record ColumnFill(int Schema, ValueKind Kind, string Value);

/// <summary>A property that events have or had: the same one whatever it was called. Immutable.</summary>
/// <param name="Id">Its id, for ever; the field id in Parquet files.</param>
/// <param name="Physical">Its name in Parquet files, for ever; unique, regardless of case.</param>
/// <param name="Name">The property's name: now, or when it was removed.</param>
/// <param name="Type">What it holds: now, or when it was removed.</param>
internal sealed record StoredColumn(int Id, string Physical, string Name, ScalarType Type)
{
    /// <summary>Whether the event type has no such property any more.</summary>
    public bool IsRetired { get; init; }

    /// <summary>The names that the property had before, and those that it was said to have had.</summary>
    public IReadOnlyList<string> FormerNames { get; init; } = [];

    /// <summary>The types, as Delta writes them, that its column had in some files, oldest first, without the one now.</summary>
    public IReadOnlyList<string> FormerTypes { get; init; } = [];

    /// <summary>What it reads as where it was not stored, oldest first.</summary>
    public IReadOnlyList<ColumnFill> Fills { get; init; } = [];

    /// <summary>What it reads as, if it is missing, in an event that was written with a schema; null if that is missing for readers too.</summary>
    public ColumnFill? FillFor(int schema) => Fills.FirstOrDefault(f => f.Schema > schema);
}

/// <summary>One shape that the event type had. Immutable.</summary>
/// <param name="Id">Its number, from 1; the tag of the files that were written with it.</param>
/// <param name="Start">The end of the log when it came: events from here on were appended with it.</param>
/// <param name="Fingerprint">The fingerprint of the encoding of events in the write-ahead log.</param>
/// <param name="Columns">The properties, in the order of the encoding.</param>
internal sealed record SchemaVersion(int Id, LogPosition Start, ulong Fingerprint, IReadOnlyList<VersionColumn> Columns)
{
    /// <summary>The type of a property in this shape; null if it has no such property.</summary>
    public ScalarType? TypeOf(int column) => Columns.FirstOrDefault(c => c.Column == column)?.Type;
}

/// <summary>A property of one shape of the event type.</summary>
/// <param name="Column">The id of its column.</param>
/// <param name="Type">What it held.</param>
internal sealed record VersionColumn(int Column, ScalarType Type);
