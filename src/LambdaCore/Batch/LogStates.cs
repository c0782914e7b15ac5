using LambdaCore.Diagnostics;
using LambdaCore.DuckDb;
using LambdaCore.Log;
using LambdaCore.Views;

namespace LambdaCore.Batch;

/// <summary>
/// Computes the states of a view over a range of sealed events without keeping them: for the speed layer to begin with, and for questions that are answered
/// from the log itself. In bounded memory, but for what the visitor keeps. Thread-safe.
/// </summary>
internal sealed class LogStates(BatchContext context, ViewPlan plan)
{
    /// <summary>Visits the states of a range.</summary>
    /// <param name="segments">The segments that hold the range, and perhaps more.</param>
    /// <param name="range">The events that count.</param>
    /// <param name="atOnce">Whether only events count that count at once: without those that came so late that they wait for the batch.</param>
    /// <param name="restriction">What is wanted of the keys. Others may come, but with parts of their states only.</param>
    /// <param name="visit">Takes in each row; a key may come several times, with parts of its state.</param>
    /// <param name="cancellationToken">Stops the computation.</param>
    /// <exception cref="DuckDbException">The computation failed, for instance for lack of memory or disk.</exception>
    public void Visit(
        MaterialisedSegments segments, LogRange range, bool atOnce, KeyRestriction restriction, VisitStates visit, CancellationToken cancellationToken)
    {
        PieceSize pieces = new(plan, context.MemoryBytes);
        LogPosition next = range.Start;
        while (next < range.End)
        {
            cancellationToken.ThrowIfCancellationRequested();
            LogRange piece = new(next, LogPosition.Min(range.End, new LogPosition(next.Value + Math.Min(pieces.Events, range.Count))));
            (long keys, long bytes) = (0, 0);
            using DuckDbConnection connection = context.DuckDb.Connect();
            using CancellationTokenRegistration registration = cancellationToken.Register(connection.Interrupt);
            try
            {
                StateRows.Visit(connection, StateRows.Select(plan, context.EventTimeColumn, segments, piece, atOnce, restriction), plan, Take, cancellationToken);
                pieces.Learn(piece.Count, keys, bytes);
                next = piece.End;
            }
            catch (DuckDbException error) when (error.IsOutOfMemory && keys == 0 && pieces.TryHalve(piece.Count))
            {
                // The sort gives nothing before it has seen everything, so what was too much has left no trace.
                LogMessages.BatchHalved(context.Logger, plan.Name, piece.ToString(), error);
            }
            catch (DuckDbException error) when (error.IsInterrupt && cancellationToken.IsCancellationRequested)
            {
                throw new OperationCanceledException($"Reading view '{plan.Name}' from the log was cancelled.", error, cancellationToken);
            }

            void Take(ReadOnlySpan<byte> key, ReadOnlySpan<byte> state)
            {
                keys++;
                bytes += state.Length;
                visit(key, state);
            }
        }
    }
}
