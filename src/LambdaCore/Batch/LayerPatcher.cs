using LambdaCore.Views;

namespace LambdaCore.Batch;

/// <summary>A layer that is written, but not yet published.</summary>
/// <param name="Range">The events that it holds.</param>
/// <param name="Files">Its files.</param>
/// <param name="Keys">The number of rows of the Parquet file.</param>
internal sealed record LayerDraft(LogRange Range, ScratchLayer Files, long Keys);

/// <summary>What a view's layers are to be: some stay, the others are written anew. What is not published goes with it.</summary>
/// <param name="revision">The revision of the log's content that all of them are the fold of.</param>
internal sealed class PatchedLayers(long revision) : IDisposable
{
    /// <summary>The revision of the log's content that all layers are the fold of.</summary>
    public long Revision { get; } = revision;

    /// <summary>The layers that stay.</summary>
    public List<BatchView> Kept { get; } = [];

    /// <summary>The others.</summary>
    public List<LayerDraft> Drafts { get; } = [];

    /// <summary>How many keys were computed anew, once for each layer.</summary>
    public long Keys { get; set; }

    /// <summary>Deletes the files that were not published.</summary>
    public void Dispose() => Drafts.ForEach(d => d.Files.Dispose());
}

/// <summary>Brings layers of a view up to another revision of the log's content: each at the cost of what differs in its own range of the log.</summary>
/// <param name="context">What batch views share.</param>
/// <param name="plan">The view.</param>
/// <param name="states">Computes its states.</param>
internal sealed class LayerPatcher(BatchContext context, ViewPlan plan, StateComputer states)
{
    /// <summary>A layer of which more than one key in this many is affected is computed whole: reading all events costs less than finding those of so many keys.</summary>
    private const int WholeShare = 3;

    /// <summary>Writes the layers that have to change.</summary>
    /// <param name="layers">The view's layers; each is as it was at an earlier revision.</param>
    /// <param name="missing">Ranges whose layers are lost.</param>
    /// <param name="changes">The events that differ since then; null if that is not known, so that everything has to be computed.</param>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public PatchedLayers Patch(
        IEnumerable<BatchView> layers, IEnumerable<LogRange> missing, RowChanges? changes, ProgressReporter progress, CancellationToken cancellationToken)
    {
        PatchedLayers patched = new(context.Revision());
        try
        {
            foreach (BatchView layer in layers)
            {
                if (layer.Range.Start < context.Dropped().End)
                {
                    // No change reaches events that retention has removed.
                    patched.Kept.Add(layer);
                }
                else if (changes is null)
                {
                    Draft(layer.Range, files => states.Compute(layer.Range, files, progress, cancellationToken));
                }
                else if (!changes.MayTouch(layer.Range) || !TryPatch(layer, changes))
                {
                    patched.Kept.Add(layer);
                }
            }

            foreach (LogRange range in missing)
            {
                Draft(range, files => states.Compute(range, files, progress, cancellationToken));
            }

            return patched;
        }
        catch
        {
            patched.Dispose();
            throw;
        }

        bool TryPatch(BatchView layer, RowChanges rows)
        {
            using AffectedKeys affected = AffectedKeys.Find(context, plan, rows, layer.Range, cancellationToken);
            if (affected.Keys.Count > 0)
            {
                Draft(layer.Range, files => Write(layer, affected, files, progress, cancellationToken), affected.Keys.Count);
            }

            return affected.Keys.Count > 0;
        }

        void Draft(LogRange range, Func<ScratchLayer, long> write, long? keys = null)
        {
            ScratchLayer files = new(context.Storage);
            try
            {
                LayerDraft draft = new(range, files, write(files));
                patched.Drafts.Add(draft);
                patched.Keys += keys ?? draft.Keys;
            }
            catch
            {
                files.Dispose();
                throw;
            }
        }
    }

    private long Write(BatchView layer, AffectedKeys affected, ScratchLayer files, ProgressReporter progress, CancellationToken cancellationToken)
    {
        if (affected.Keys.Count <= layer.Lookup.Count / WholeShare)
        {
            using SortedRuns runs = states.ComputeRuns(layer.Range, new StateSource(context.Segments, affected.Restriction), progress, cancellationToken);
            try
            {
                return states.Patch(layer.Lookup, affected.Keys, runs.Files, layer.Range, files, progress, cancellationToken);
            }
            catch (LookupDamagedException damage) when (damage.Path == layer.Lookup.Path)
            {
                Diagnostics.LogMessages.BatchLayerDiscarded(context.Logger, plan.Name, layer.Range.ToString(), damage);
                files.Discard();
            }
        }

        return states.Compute(layer.Range, files, progress, cancellationToken);
    }
}
