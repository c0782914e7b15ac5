namespace LambdaCore.Tables;

/// <summary>The columns of a Delta table, in order (PROTOCOL.md, "Schema Serialization Format").</summary>
/// <remarks>Immutable.</remarks>
internal sealed class DeltaSchema
{
    /// <summary>Describes a table.</summary>
    /// <param name="columns">At least one column; their names differ in more than case.</param>
    public DeltaSchema(IEnumerable<DeltaColumn> columns)
    {
        Columns = [.. columns];
        ArgumentOutOfRangeException.ThrowIfZero(Columns.Count, nameof(columns));
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (DeltaColumn column in Columns)
        {
            if (!names.Add(column.Name))
            {
                throw new ArgumentException(
                    $"Two columns have the name '{column.Name}', regardless of case, and a Delta table tells its columns apart regardless of case. Rename one.",
                    nameof(columns));
            }
        }
    }

    /// <summary>The columns in order.</summary>
    public IReadOnlyList<DeltaColumn> Columns { get; }

    /// <summary>Whether another schema says the same in each respect.</summary>
    public bool IsLike(DeltaSchema other) => DeltaCommitWriter.SchemaString(this) == DeltaCommitWriter.SchemaString(other);

    /// <summary>What differs in another schema, one sentence per column; the order of columns does not count.</summary>
    /// <param name="wanted">The schema to compare with.</param>
    public IReadOnlyList<string> DifferencesTo(DeltaSchema wanted)
    {
        var differences = new List<string>();
        Dictionary<string, DeltaColumn> stored = Columns.ToDictionary(column => column.Name, StringComparer.Ordinal);
        foreach (DeltaColumn column in wanted.Columns)
        {
            if (!stored.Remove(column.Name, out DeltaColumn? old))
            {
                differences.Add($"column '{column.Name}' ({column}) is not in the table");
            }
            else if (old.ToString() != column.ToString())
            {
                differences.Add($"column '{column.Name}' is {old} in the table and {column} now");
            }
        }

        differences.AddRange(stored.Values.Select(column => $"column '{column.Name}' ({column}) of the table is gone"));
        return differences;
    }
}
