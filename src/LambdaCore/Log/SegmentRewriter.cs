using LambdaCore.DuckDb;
using LambdaCore.Storage;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>Writes files of events anew with some of the events changed or removed. Publishing them is the caller's. Thread-safe.</summary>
/// <param name="storage">Gives the scratch files.</param>
/// <param name="duckDb">Reads and writes.</param>
/// <param name="columns">The columns of the files.</param>
/// <param name="eventType">The name of the event type, for messages.</param>
internal sealed class SegmentRewriter(IStorage storage, DuckDbEngine duckDb, EventFileColumns columns, string eventType)
{
    private const string Position = EventSchema.PositionColumn;

    /// <summary>Writes a file anew.</summary>
    /// <param name="source">What stands behind FROM: the file's events, with the columns of removed properties.</param>
    /// <param name="condition">SQL that holds for the events meant.</param>
    /// <param name="assignments">The columns that get other values; null if the events are removed.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The new file, and how many events differ in it or are gone; null if all would be as before.</returns>
    /// <exception cref="ArgumentException">A new value could not have been appended.</exception>
    public (SegmentFileDraft Draft, long Events)? Rewrite(
        string source, string condition, IReadOnlyList<ColumnAssignment>? assignments, CancellationToken cancellationToken)
    {
        return Run<(SegmentFileDraft, long)?>(connection =>
        {
            long events = Count(connection, source, condition, assignments ?? []);
            return events == 0
                ? null
                : (SegmentWriter.WriteQuery(storage, connection, Select(source, condition, assignments), columns), events);
        }, cancellationToken);
    }

    /// <summary>Writes files into one, with all events as they are.</summary>
    /// <param name="source">What stands behind FROM: the files' events.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public SegmentFileDraft Merge(string source, CancellationToken cancellationToken) =>
        Run(connection =>
        {
            long events = connection.Scalar<long>($"SELECT count(*) FROM {source}");
            SegmentFileDraft draft = SegmentWriter.WriteQuery(
                storage, connection, $"SELECT {string.Join(", ", columns.All.Select(c => Sql.Name(c.Name)))} FROM {source} ORDER BY {Position}", columns);
            if (draft.Rows != events)
            {
                ScratchFile.Discard(draft.ScratchPath);
                throw new LambdaCoreException($"DuckDB was to write {events} events into one segment, but it has {draft.Rows}. Nothing was changed; try again.");
            }

            return draft;
        }, cancellationToken);

    /// <summary>Writes a file anew in which amendments were applied.</summary>
    /// <param name="connection">Writes it.</param>
    /// <param name="source">What stands behind FROM: the file's events, with the columns of removed properties.</param>
    /// <param name="amended">SQL that holds for events that were amended, which are removed.</param>
    /// <param name="pending">SQL that holds for events that amend others, which count from then on.</param>
    public SegmentFileDraft Amend(DuckDbConnection connection, string source, string amended, string pending)
    {
        IEnumerable<string> values = columns.All.Select(c => c.Name == EventSchema.BatchOnlyColumn
            ? $"({c.Name} AND NOT {pending}) AS {c.Name}"
            : Sql.Name(c.Name));
        return SegmentWriter.WriteQuery(storage, connection, $"SELECT {string.Join(", ", values)} FROM {source} WHERE NOT ({amended}) ORDER BY {Position}", columns);
    }

    /// <summary>Uses a connection that a cancellation interrupts.</summary>
    public T Run<T>(Func<DuckDbConnection, T> use, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using DuckDbConnection connection = duckDb.Connect();
        using CancellationTokenRegistration registration = cancellationToken.Register(connection.Interrupt);
        try
        {
            return use(connection);
        }
        catch (DuckDbException error) when (error.IsInterrupt && cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException("Rewriting the segments was cancelled. Nothing was changed.", error, cancellationToken);
        }
    }

    /// <summary>SQL that holds for those among the events meant for which a value differs from the one before; for removal, all.</summary>
    public static string Changed(IReadOnlyList<ColumnAssignment> assignments) => assignments.Count == 0
        ? "TRUE"
        : string.Join(" OR ", assignments.Select(a => $"({a.Value}) IS DISTINCT FROM {Sql.Name(a.Column.Name)}"));

    /// <summary>Counts the events that change, and refuses values that no append would have taken.</summary>
    private long Count(DuckDbConnection connection, string source, string condition, IReadOnlyList<ColumnAssignment> assignments)
    {
        IEnumerable<string> firstRefused = assignments.Select(a => $"min({Position}) FILTER (WHERE {Refused(a)})");
        string sql = $"SELECT {string.Join(", ", firstRefused.Prepend($"count(*) FILTER (WHERE {Changed(assignments)})"))} FROM {source} WHERE {condition}";
        (ColumnAssignment Assignment, long Position)? refused = null;
        long events;
        using (DuckDbResult result = connection.Query(sql))
        {
            _ = result.NextChunk();
            events = result.Column(0).Int64(0);
            foreach ((int i, ColumnAssignment assignment) in assignments.Index())
            {
                if (!result.Column(i + 1).IsNull(0) && refused is null)
                {
                    refused = (assignment, result.Column(i + 1).Int64(0));
                }
            }
        }

        return refused is null ? events : throw Refusal(connection, source, refused.Value.Assignment, refused.Value.Position);
    }

    private static string Refused(ColumnAssignment assignment)
    {
        string missing = assignment.Column.Type.IsNullable ? "FALSE" : $"({assignment.Value}) IS NULL";
        return assignment.Fails is { } fails ? $"{missing} OR ({fails})" : missing;
    }

    private ArgumentException Refusal(DuckDbConnection connection, string source, ColumnAssignment assignment, long position)
    {
        string? old = connection.Scalar<string>($"SELECT CAST({Sql.Name(assignment.Column.Name)} AS VARCHAR) FROM {source} WHERE {Position} = {new LogPosition(position)}");
        string was = old is null ? "which is missing now" : $"now '{old}'";
        string why = assignment.Column.Type.IsNullable
            ? "its new value cannot be computed: a number out of range, or a division by zero. Leave such events out by the condition, or say with ?? what they get"
            : "its new value would be missing or cannot be computed, but the property is declared as never null. Leave such events out by the condition, or say with ?? what they get";
        return new ArgumentException($"{eventType}.{assignment.Column.Name} of the event at position {position}, {was}, cannot be changed: {why}. Nothing was changed.");
    }

    private string Select(string source, string condition, IReadOnlyList<ColumnAssignment>? assignments)
    {
        if (assignments is null)
        {
            return $"SELECT {string.Join(", ", columns.All.Select(c => Sql.Name(c.Name)))} FROM {source} WHERE NOT coalesce({condition}, FALSE) ORDER BY {Position}";
        }

        Dictionary<string, ColumnAssignment> byColumn = assignments.ToDictionary(a => a.Column.Name, StringComparer.Ordinal);
        IEnumerable<string> values = columns.All.Select(c => byColumn.TryGetValue(c.Name, out ColumnAssignment? assignment)
            ? $"CASE WHEN {condition} THEN {assignment.Value} ELSE {Sql.Name(c.Name)} END AS {Sql.Name(c.Name)}"
            : Sql.Name(c.Name));
        return $"SELECT {string.Join(", ", values)} FROM {source} ORDER BY {Position}";
    }
}
