using LambdaCore.Diagnostics;
using LambdaCore.DuckDb;
using LambdaCore.Log;
using LambdaCore.Storage;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Batch;

/// <summary>
/// Computes the states of one view over a range of sealed events, and merges such states, in bounded memory: what does not fit
/// at once is computed in pieces, each a sorted run on disk, which are then merged.
/// </summary>
/// <remarks>
/// Besides DuckDB's limit and the states by code (<see cref="PieceSize"/>), a lookup file that is being written takes up to 70 MiB. Thread-safe.
/// </remarks>
internal sealed class StateComputer(BatchContext context, ViewPlan plan, MergeLayers merge, MapLayers map)
{
    /// <summary>Rows of a roll-up may take at most this part of a batch's memory, and this many bytes: more would make the merge of the runs no faster.</summary>
    private const int RollUpShare = 8;
    private const long MaxRollUpBytes = 256 << 20;

    /// <summary>Rows between two looks at whether to go on.</summary>
    private const long RowsPerLook = 2048;

    /// <summary>Computes the states of a range, and writes them as the files of a layer.</summary>
    /// <returns>The number of rows of the Parquet file.</returns>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    public long Compute(LogRange range, ScratchLayer files, ProgressReporter progress, CancellationToken cancellationToken)
    {
        PieceSize pieces = new(plan, context.MemoryBytes);
        progress.Begin(plan.Name, BatchPhase.Computing, range.Count);
        if (range.Count <= pieces.Events)
        {
            try
            {
                return ComputeAtOnce(range, files, progress, cancellationToken);
            }
            catch (DuckDbException error) when (error.IsOutOfMemory && pieces.TryHalve(range.Count))
            {
                LogMessages.BatchHalved(context.Logger, plan.Name, range.ToString(), error);
                files.Discard();
            }
        }

        using SortedRuns runs = new();
        LogPosition next = range.Start;
        while (next < range.End)
        {
            LogRange piece = new(next, LogPosition.Min(range.End, new LogPosition(next.Value + Math.Min(pieces.Events, range.Count))));
            if (TryComputePiece(piece, runs, pieces, progress, cancellationToken))
            {
                next = piece.End;
            }
        }

        return Merge(runs.Files, range, files, progress, cancellationToken);
    }

    /// <summary>Merges the states of the view that this one rolls up, and writes the result as the files of a layer. No event is read.</summary>
    /// <param name="source">That view's layers over the range, oldest first.</param>
    /// <param name="range">The events that they hold together.</param>
    /// <param name="files">The files to write.</param>
    /// <param name="progress">Is told.</param>
    /// <param name="cancellationToken">Stops the merge.</param>
    /// <returns>The number of keys.</returns>
    /// <exception cref="LookupDamagedException">A layer is damaged.</exception>
    public long RollUp(IReadOnlyList<LookupFile> source, LogRange range, ScratchLayer files, ProgressReporter progress, CancellationToken cancellationToken)
    {
        progress.Begin(plan.Name, BatchPhase.Merging, source.Sum(l => l.Count));
        using SortedRuns runs = new();
        string path = context.Storage.NewScratchPath(".run");
        LookupWriter writer = new(path, plan.Fingerprint, range, 0);
        try
        {
            long rows = 0;
            map(source, WriteKeys, Math.Min(context.MemoryBytes / RollUpShare, MaxRollUpBytes), (key, state) => writer.Add(key, state), BeginAnew);
            CompleteRun();

            void WriteKeys(ref ByteReader sourceKey, EventKeys keys)
            {
                plan.RollUp!.WriteKeys(ref sourceKey, keys);
                if (++rows % RowsPerLook == 0)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                }
            }
        }
        catch
        {
            writer.Dispose();
            ScratchFile.Discard(path);
            throw;
        }

        return Merge(runs.Files, range, files, progress, cancellationToken);

        void BeginAnew()
        {
            CompleteRun();
            path = context.Storage.NewScratchPath(".run");
            writer = new LookupWriter(path, plan.Fingerprint, range, 0);
        }

        void CompleteRun()
        {
            writer.Complete();
            writer.Dispose();
            _ = runs.Add(path, plan.Fingerprint, range);
        }
    }

    /// <summary>Merges layers or runs that follow each other, and writes the result as the files of a layer.</summary>
    /// <param name="layers">Their rows, oldest first.</param>
    /// <param name="range">The events that they hold together.</param>
    /// <param name="files">The files to write.</param>
    /// <param name="progress">Is told.</param>
    /// <param name="cancellationToken">Stops the merge.</param>
    /// <returns>The number of rows of the Parquet file.</returns>
    /// <exception cref="LookupDamagedException">A layer is damaged.</exception>
    public long Merge(IReadOnlyList<LookupFile> layers, LogRange range, ScratchLayer files, ProgressReporter progress, CancellationToken cancellationToken) =>
        Merge(new LayerCursor(layers), layers.Sum(l => l.Count), range, files, progress, cancellationToken);

    /// <summary>Merges rows of several files, and writes the result as the files of a layer.</summary>
    /// <param name="rows">The rows, before the first of them.</param>
    /// <param name="most">The most keys that they can have.</param>
    /// <param name="range">The events that they hold together.</param>
    /// <param name="files">The files to write.</param>
    /// <param name="progress">Is told.</param>
    /// <param name="cancellationToken">Stops the merge.</param>
    /// <returns>The number of rows of the Parquet file.</returns>
    /// <exception cref="LookupDamagedException">A file is damaged.</exception>
    public long Merge(LayerCursor rows, long most, LogRange range, ScratchLayer files, ProgressReporter progress, CancellationToken cancellationToken)
    {
        progress.Begin(plan.Name, BatchPhase.Merging, most);
        return Run(connection =>
        {
            long merged = 0;
            using StateTable table = new(connection, plan);
            using LookupWriter lookup = new(files.Lookup, plan.Fingerprint, range, most);
            merge(rows, (key, state) =>
            {
                lookup.Add(key, state);
                table.Add(key, state);
                if (++merged % RowsPerLook == 0)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    progress.Advance(RowsPerLook, 0);
                }
            });
            progress.Advance(0, lookup.Complete().Length);
            return table.CopyTo(files.Parquet);
        }, cancellationToken);
    }

    /// <summary>Computes the states of a range as one sorted run: a lookup file.</summary>
    /// <param name="range">The events that count.</param>
    /// <param name="windows">The windows whose rows are wanted; null for all rows.</param>
    /// <param name="path">A physical path that no file has.</param>
    /// <param name="pieces">Learns how much a piece of the range takes.</param>
    /// <param name="progress">Is told.</param>
    /// <param name="cancellationToken">Stops the computation.</param>
    /// <returns>False if the range is too large for the memory there is: less may do, as <paramref name="pieces"/> says now. There is no file then.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public bool TryComputeRun(
        LogRange range, WindowSpan? windows, string path, PieceSize pieces, ProgressReporter progress, CancellationToken cancellationToken)
    {
        try
        {
            long stateBytes = 0;
            long keys = Run(connection =>
            {
                using MaterialisedSegments segments = context.Segments(range);
                using IDisposable following = progress.Follow(connection, range.Count);
                using LookupWriter writer = new(path, plan.Fingerprint, range, 0);
                long rows = StateRows.Visit(
                    connection,
                    Select(segments, range, windows),
                    plan,
                    (key, state) =>
                    {
                        stateBytes += state.Length;
                        if (windows?.Contains(key) != false)
                        {
                            writer.Add(key, state);
                        }
                    },
                    cancellationToken);
                writer.Complete();
                return rows;
            }, cancellationToken);
            pieces.Learn(range.Count, keys, stateBytes);
            return true;
        }
        catch (DuckDbException error) when (error.IsOutOfMemory && pieces.TryHalve(range.Count))
        {
            LogMessages.BatchHalved(context.Logger, plan.Name, range.ToString(), error);
            return false;
        }
    }

    private bool TryComputePiece(LogRange piece, SortedRuns runs, PieceSize pieces, ProgressReporter progress, CancellationToken cancellationToken)
    {
        string path = context.Storage.NewScratchPath(".run");
        if (!TryComputeRun(piece, windows: null, path, pieces, progress, cancellationToken))
        {
            return false;
        }

        progress.Advance(piece.Count, runs.Add(path, plan.Fingerprint, piece).Length);
        return true;
    }

    private long ComputeAtOnce(LogRange range, ScratchLayer files, ProgressReporter progress, CancellationToken cancellationToken) =>
        Run(connection =>
        {
            long keys;
            using (MaterialisedSegments segments = context.Segments(range))
            using (progress.Follow(connection, range.Count))
            {
                keys = connection.Execute($"COPY (\n{Select(segments, range)}\n) TO {Sql.Text(files.Parquet)} {BatchFormat.Parquet}");
            }

            progress.Advance(range.Count, 0);
            progress.Begin(plan.Name, BatchPhase.Publishing, keys);
            using LookupWriter writer = new(files.Lookup, plan.Fingerprint, range, keys);
            long rows = StateRows.Visit(connection, $"SELECT * FROM {Sql.Parquet([files.Parquet])}", plan, writer.Add, cancellationToken);
            if (rows != keys)
            {
                throw new LambdaCoreException($"DuckDB wrote {keys} rows of view '{plan.Name}', but reads back {rows}. Run the batch again.");
            }

            progress.Advance(rows, writer.Complete().Length);
            return keys;
        }, cancellationToken);

    private string Select(MaterialisedSegments segments, LogRange range, WindowSpan? windows = null) =>
        StateRows.Select(plan, context.EventTimeColumn, segments, range, restriction: windows?.Restriction);

    /// <summary>Uses a connection that a cancellation interrupts.</summary>
    private long Run(Func<DuckDbConnection, long> use, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using DuckDbConnection connection = context.DuckDb.Connect();
        using CancellationTokenRegistration registration = cancellationToken.Register(connection.Interrupt);
        try
        {
            return use(connection);
        }
        catch (DuckDbException error) when (error.IsInterrupt && cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException($"The batch run for view '{plan.Name}' was cancelled.", error, cancellationToken);
        }
    }
}
