using LambdaCore.Batch;
using LambdaCore.Serving;

namespace LambdaCore.Running;

/// <summary>
/// Finds the layers from which a batch run can build a roll-up's without reading events: those of its source over the same events. The layers that
/// the run itself has computed are held until its end, since merging may have taken them out of their view by then.
/// </summary>
/// <typeparam name="TEvent">The event type.</typeparam>
/// <param name="views">All views.</param>
/// <param name="revision">The revision of the log's content that layers must be of.</param>
internal sealed class RollUpSources<TEvent>(IReadOnlyList<ServedView<TEvent>> views, long revision) : IDisposable
{
    private readonly List<(ServedView<TEvent> View, BatchView Layer)> _fresh = [];

    /// <summary>The views in an order in which each comes after the one that it rolls up.</summary>
    public IEnumerable<ServedView<TEvent>> InOrder => views.OrderBy(v => v.Plan.RollUp?.Depth ?? 0);

    /// <summary>Remembers what the run has computed for a view.</summary>
    public void Add(ServedView<TEvent> view, BatchView layer)
    {
        if (views.Any(v => v.Plan.RollUp is { } rollUp && rollUp.IsOf(view.Plan)) && layer.TryAcquire())
        {
            _fresh.Add((view, layer));
        }
    }

    /// <summary>The layers of a view's source that cover a range exactly, oldest first; null if there are none, or the view is no roll-up.</summary>
    public IReadOnlyList<BatchView>? Of(ServedView<TEvent> view, LogRange range)
    {
        if (view.Plan.RollUp is not { } rollUp || views.FirstOrDefault(v => rollUp.IsOf(v.Plan)) is not { } source)
        {
            return null;
        }

        if (_fresh.FirstOrDefault(f => f.View == source && f.Layer.Range == range) is { Layer: { } fresh })
        {
            return [fresh];
        }

        if (source.Snapshot.Revision != revision)
        {
            return null;
        }

        BatchView[] layers = [.. source.Snapshot.Batches.Where(b => b.Range.Start >= range.Start && b.Range.End <= range.End)];
        return layers.Length > 0 && layers[0].Range.Start == range.Start && layers[^1].Range.End == range.End ? layers : null;
    }

    /// <summary>Lets the layers go.</summary>
    public void Dispose() => _fresh.ForEach(f => f.Layer.Release());
}
