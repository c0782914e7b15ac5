using System.Globalization;
using LambdaCore.DuckDb;
using LambdaCore.Storage;
using LambdaCore.Values;

namespace LambdaCore.Batch;

/// <summary>
/// The events that differ between two revisions of the log's content, as they were and as they are, in scratch files: usually few, found once for all
/// views. Immutable once it is made; the files go with it.
/// </summary>
/// <param name="columns">The columns that were compared and kept.</param>
internal sealed class RowChanges(IReadOnlyList<string> columns) : IDisposable
{
    private const string Position = EventSchema.PositionColumn;
    private const string Format = "(FORMAT parquet, COMPRESSION snappy, PARQUET_VERSION v1, WRITE_BLOOM_FILTER false)";

    private readonly List<string> _old = [];
    private readonly List<string> _new = [];
    private (long First, long Last)? _positions;

    /// <summary>No event differs.</summary>
    public static RowChanges None { get; } = new([]);

    /// <summary>Compares a stretch of the log with what it was, by position.</summary>
    /// <param name="context">DuckDB and the scratch folder.</param>
    /// <param name="old">What stands behind FROM for the events as they were.</param>
    /// <param name="current">The same for the events as they are.</param>
    /// <param name="cancellationToken">Stops the comparison.</param>
    public void Compare(BatchContext context, string old, string current, CancellationToken cancellationToken)
    {
        // Events go, and amendments come to count, so both ways.
        Add(context, Differing(old, current, columns, columns), _old, cancellationToken);
        Add(context, Differing(current, old, columns, columns), _new, cancellationToken);
    }

    /// <summary>Takes events in of which it is known how they change.</summary>
    /// <param name="context">DuckDB and the scratch folder.</param>
    /// <param name="old">A query that gives the columns of the events as they were.</param>
    /// <param name="current">The same for the events as they are.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public void Take(BatchContext context, string old, string current, CancellationToken cancellationToken)
    {
        Add(context, old, _old, cancellationToken);
        Add(context, current, _new, cancellationToken);
    }

    /// <summary>Whether an event of a range may differ.</summary>
    public bool MayTouch(LogRange range) => _positions is { } positions && positions.First < range.End.Value && positions.Last >= range.Start.Value;

    /// <summary>The events of a range that differ in some columns: what stands behind FROM for them as they were, and as they are.</summary>
    public (string Old, string Current) Within(LogRange range, IReadOnlyList<string> differingIn)
    {
        string condition = string.Create(CultureInfo.InvariantCulture, $"{Position} >= {range.Start.Value} AND {Position} < {range.End.Value}");
        string old = $"(SELECT * FROM {Sql.Parquet(_old)} WHERE {condition})";
        string current = $"(SELECT * FROM {Sql.Parquet(_new)} WHERE {condition})";
        return ($"({Differing(old, current, columns, differingIn)})", $"({Differing(current, old, columns, differingIn)})");
    }

    /// <summary>Deletes the files.</summary>
    public void Dispose() => _old.Concat(_new).ToList().ForEach(ScratchFile.Discard);

    /// <summary>The rows of one source that another has not, or has with another value in some columns.</summary>
    private static string Differing(string source, string other, IReadOnlyList<string> kept, IReadOnlyList<string> compared)
    {
        IEnumerable<string> same = compared.Where(c => c != Position).Select(c => $" AND these.{Sql.Name(c)} IS NOT DISTINCT FROM those.{Sql.Name(c)}");
        return $"SELECT {Names(kept)} FROM {source} AS these ANTI JOIN {other} AS those ON (these.{Position} = those.{Position}{string.Concat(same)})";
    }

    private static string Names(IEnumerable<string> names) => string.Join(", ", names.Select(Sql.Name));

    private void Add(BatchContext context, string query, List<string> files, CancellationToken cancellationToken)
    {
        string path = context.Storage.NewScratchPath(".parquet");
        files.Add(path);
        context.Run(connection =>
        {
            connection.Execute($"COPY ({query}) TO {Sql.Text(path)} {Format}");
            using DuckDbResult result = connection.Query($"SELECT min({Position}), max({Position}) FROM {Sql.Parquet([path])}");
            if (result.NextChunk() && !result.Column(0).IsNull(0))
            {
                (long first, long last) = (result.Column(0).Int64(0), result.Column(1).Int64(0));
                _positions = _positions is { } known ? (Math.Min(known.First, first), Math.Max(known.Last, last)) : (first, last);
            }

            return 0;
        }, cancellationToken);
    }
}
