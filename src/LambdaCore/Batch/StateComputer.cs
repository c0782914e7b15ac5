using LambdaCore.Aggregates;
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
        ComputePieces(range, new StateSource(context.Segments), runs, pieces, progress, cancellationToken);
        return Merge(runs.Files, range, files, progress, cancellationToken);
    }

    /// <summary>Computes the states of some keys over a range.</summary>
    /// <param name="range">The events that count.</param>
    /// <param name="source">Where they are, and which keys to compute.</param>
    /// <param name="progress">Is told.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The states as sorted runs that follow each other; a key may be in several, with parts of its state.</returns>
    public SortedRuns ComputeRuns(LogRange range, StateSource source, ProgressReporter progress, CancellationToken cancellationToken)
    {
        SortedRuns runs = new();
        try
        {
            progress.Begin(plan.Name, BatchPhase.Computing, range.Count);
            ComputePieces(range, source, runs, new PieceSize(plan, context.MemoryBytes), progress, cancellationToken);
            return runs;
        }
        catch
        {
            runs.Dispose();
            throw;
        }
    }

    /// <summary>Puts other states in the place of those of some keys of a layer, and writes the result as the files of a layer.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="replaced">The keys whose states are not taken from it; they need not be in it.</param>
    /// <param name="states">Their states, as runs that follow each other; a key without any is left out.</param>
    /// <param name="range">The events that the layer holds.</param>
    /// <param name="files">The files to write.</param>
    /// <param name="progress">Is told.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The number of rows of the Parquet file.</returns>
    /// <exception cref="LookupDamagedException">The layer is damaged.</exception>
    public long Patch(
        LookupFile layer, LookupFile replaced, IReadOnlyList<LookupFile> states, LogRange range, ScratchLayer files, ProgressReporter progress, CancellationToken cancellationToken) =>
        Write([layer, .. states], layer.Count, range, files, emit => LayerPatch.Merge(layer, replaced, take => merge(new LayerCursor(states), take), emit), progress, cancellationToken);

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
        return Write(rows.Files, most, range, files, emit => merge(rows, emit), progress, cancellationToken);
    }

    /// <summary>Writes rows as the files of a layer.</summary>
    /// <param name="sources">Where they are from.</param>
    /// <param name="most">About how many there are.</param>
    /// <param name="range">The events that they hold together.</param>
    /// <param name="files">The files to write.</param>
    /// <param name="visitAll">Gives the rows, ascending by key.</param>
    /// <param name="progress">Is told.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="LookupDamagedException">A source has a row that is none of the view's.</exception>
    private long Write(
        IReadOnlyList<LookupFile> sources, long most, LogRange range, ScratchLayer files, Action<VisitStates> visitAll, ProgressReporter progress, CancellationToken cancellationToken)
    {
        try
        {
            return Write(most, range, files, visitAll, progress, cancellationToken);
        }
        catch (Exception error) when (StateBytes.Refuses(error))
        {
            foreach (LookupFile source in sources)
            {
                ThrowUnlessSound(source, cancellationToken);
            }

            throw;
        }
    }

    /// <summary>
    /// Refuses a file with a row that is none of the view's. Rows that only one file has are passed on as they are, many at a time, so that who fails to take them cannot say
    /// whose they were.
    /// </summary>
    private void ThrowUnlessSound(LookupFile source, CancellationToken cancellationToken) => context.Run(
        connection =>
        {
            using StateTable table = new(connection, plan);
            byte[]? before = null;
            long offset = 0;
            try
            {
                for (LookupFile.Enumerator rows = source.Scan(null, null); rows.MoveNext();)
                {
                    offset = source.OffsetOf(rows.Key);
                    if (before is not null && rows.Key.SequenceCompareTo(before) <= 0)
                    {
                        throw new InvalidDataException($"the key {Convert.ToHexString(rows.Key)} comes after {Convert.ToHexString(before)}");
                    }

                    before = rows.Key.ToArray();
                    table.Add(rows.Key, rows.State);
                }

                table.Complete();
                return true;
            }
            catch (Exception error) when (StateBytes.Refuses(error))
            {
                throw new LookupDamagedException(source.Path, offset, $"a row there, or before, is none of the view's ({error.Message})", error);
            }
        },
        cancellationToken);

    private long Write(long most, LogRange range, ScratchLayer files, Action<VisitStates> visitAll, ProgressReporter progress, CancellationToken cancellationToken)
    {
        progress.Begin(plan.Name, BatchPhase.Merging, most);
        return context.Run(connection =>
        {
            long merged = 0;
            using StateTable table = new(connection, plan);
            using LookupWriter lookup = new(files.Lookup, plan.Fingerprint, range, most);
            visitAll((key, state) =>
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
    /// <param name="source">Where they are, and which rows are wanted.</param>
    /// <param name="path">A physical path that no file has.</param>
    /// <param name="pieces">Learns how much a piece of the range takes.</param>
    /// <param name="progress">Is told.</param>
    /// <param name="cancellationToken">Stops the computation.</param>
    /// <returns>False if the range is too large for the memory there is: less may do, as <paramref name="pieces"/> says now. There is no file then.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public bool TryComputeRun(
        LogRange range, StateSource source, string path, PieceSize pieces, ProgressReporter progress, CancellationToken cancellationToken)
    {
        try
        {
            long stateBytes = 0;
            long keys = context.Run(connection =>
            {
                using MaterialisedSegments segments = source.Segments(range);
                using IDisposable following = progress.Follow(connection, range.Count);
                using LookupWriter writer = new(path, plan.Fingerprint, range, 0);
                long rows = StateRows.Visit(
                    connection,
                    Select(segments, range, source),
                    plan,
                    (key, state) =>
                    {
                        stateBytes += state.Length;
                        if (source.Windows?.Contains(key) != false)
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

    private void ComputePieces(LogRange range, StateSource source, SortedRuns runs, PieceSize pieces, ProgressReporter progress, CancellationToken cancellationToken)
    {
        LogPosition next = range.Start;
        while (next < range.End)
        {
            LogRange piece = new(next, LogPosition.Min(range.End, new LogPosition(next.Value + Math.Min(pieces.Events, range.Count))));
            if (TryComputePiece(piece, source, runs, pieces, progress, cancellationToken))
            {
                next = piece.End;
            }
        }
    }

    private bool TryComputePiece(LogRange piece, StateSource source, SortedRuns runs, PieceSize pieces, ProgressReporter progress, CancellationToken cancellationToken)
    {
        string path = context.Storage.NewScratchPath(".run");
        if (!TryComputeRun(piece, source, path, pieces, progress, cancellationToken))
        {
            return false;
        }

        progress.Advance(piece.Count, runs.Add(path, plan.Fingerprint, piece).Length);
        return true;
    }

    private long ComputeAtOnce(LogRange range, ScratchLayer files, ProgressReporter progress, CancellationToken cancellationToken) =>
        context.Run(connection =>
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

    private string Select(MaterialisedSegments segments, LogRange range, StateSource? source = null) =>
        StateRows.Select(plan, context.EventTimeColumn, segments, range, restriction: source?.Windows?.Restriction, only: source?.Only);
}
