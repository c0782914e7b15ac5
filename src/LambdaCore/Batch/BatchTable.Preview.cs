using LambdaCore.Log;
using LambdaCore.Values;

namespace LambdaCore.Batch;

/// <content>What a change of the log that is not made yet would make of states.</content>
internal sealed partial class BatchTable
{
    /// <summary>
    /// Computes what a rewrite that is not committed would make of the states of the keys that it touches. Nothing of the table is changed. What the layers do not cover, for
    /// instance since the first of them is still being computed, is computed from the log for both sides; archive layers stay as they are on both, since no change reaches their
    /// events.
    /// </summary>
    /// <param name="layers">The layers that are served, oldest first; they are of the log's revision.</param>
    /// <param name="range">The events that the view counts, up to where the rewrite ends.</param>
    /// <param name="changes">The events that it would change.</param>
    /// <param name="rewritten">The segments as they would be.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>Null if no key is touched. The caller disposes it.</returns>
    /// <exception cref="LookupDamagedException">A layer is damaged.</exception>
    public PreviewedStates? Preview(
        IReadOnlyList<BatchView> layers, LogRange range, RowChanges changes, Func<LogRange, MaterialisedSegments> rewritten, CancellationToken cancellationToken)
    {
        LogPosition rawStart = layers.LastOrDefault(l => l.Range.Start < RawStart)?.Range.End ?? LogPosition.Max(range.Start, RawStart);
        LogPosition covered = layers.Count == 0 ? rawStart : layers[^1].Range.End;
        using AffectedKeys affected = AffectedKeys.Find(_context, _plan, changes, new LogRange(rawStart, range.End), cancellationToken);
        if (affected.Keys.Count == 0)
        {
            return null;
        }

        PreviewedStates states = new();
        try
        {
            foreach (BatchView layer in layers)
            {
                if (layer.Range.Start < rawStart || !changes.MayTouch(layer.Range))
                {
                    states.AddToBoth(Extract(layer, affected.Keys, cancellationToken));
                }
                else
                {
                    states.AddOld(Extract(layer, affected.Keys, cancellationToken));
                    states.AddCurrent(Compute(layer.Range, rewritten));
                }
            }

            if (covered < range.End)
            {
                LogRange rest = new(covered, range.End);
                states.AddOld(Compute(rest, _context.Segments));
                states.AddCurrent(Compute(rest, rewritten));
            }

            return states;
        }
        catch
        {
            states.Dispose();
            throw;
        }

        SortedRuns Compute(LogRange events, Func<LogRange, MaterialisedSegments> segments) =>
            _states.ComputeRuns(events, new StateSource(segments, affected.Restriction), ProgressReporter.None, cancellationToken);
    }

    /// <summary>Copies the states that a layer has of some keys.</summary>
    private SortedRuns Extract(BatchView layer, LookupFile keys, CancellationToken cancellationToken)
    {
        string path = _context.Storage.NewScratchPath(".run");
        using (LookupWriter writer = new(path, _plan.Fingerprint, layer.Range, 0))
        {
            LookupFile.Enumerator key = keys.Scan(null, null);
            while (key.MoveNext())
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (layer.Lookup.TryGet(key.Key, XxHash64.Hash(key.Key), out ReadOnlySpan<byte> state))
                {
                    writer.Add(key.Key, state);
                }
            }

            writer.Complete();
        }

        SortedRuns copy = new();
        _ = copy.Add(path, _plan.Fingerprint, layer.Range);
        return copy;
    }
}
