using System.Globalization;
using LambdaCore.Tables;

namespace LambdaCore.Batch;

/// <content>Rebuilds: the layers are computed anew beside those that serve, and take their place in one commit.</content>
internal sealed partial class BatchTable
{
    private const string RebuildTag = "rebuild";

    /// <summary>Where a rebuild of the view is kept.</summary>
    public RebuildFolder RebuildFolder => new(_storage, _folder);

    /// <summary>Goes on with a rebuild, or begins it. Not for the thread that uses the table only: computing touches no table.</summary>
    /// <param name="order">The order, which is kept in the folder.</param>
    public RebuildComputation Rebuild(RebuildOrder order) => new(_context, _plan, _states, RebuildFolder, order);

    /// <summary>Whether the table has layers that a rebuild made: then it came to its end, though its order may still be there.</summary>
    public bool HasLayersOf(Guid rebuild) => _table is not null && _table.Files.Any(f => f.Tags.GetValueOrDefault(RebuildTag) == rebuild.ToString());

    /// <summary>Publishes the layers of a rebuild in one commit. Besides them the table has archive layers only afterwards.</summary>
    /// <param name="rebuild">The rebuild, whose layers go on to where the batch ends from now on.</param>
    /// <returns>The layers, oldest first; each is held once, for the caller.</returns>
    public IReadOnlyList<BatchView> Publish(RebuildComputation rebuild)
    {
        DeltaTable table = TableToChange();
        RebuildOrder order = rebuild.Order;
        List<BatchView> published = [];
        try
        {
            List<DeltaFile> added = [];
            foreach (PreparedLayer layer in rebuild.Prepared)
            {
                added.Add(Adopt(layer.Files, NewName(table, layer.Range), layer.Range, layer.Keys, [new(RebuildTag, order.Id.ToString())]));
            }

            table.Commit(
                added,
                [.. table.Files.Where(f => !IsArchive(f)).Select(f => f.Path)],
                rebuild.PreparedEnd.Value,
                order.Kind == RebuildKind.Reprocessing ? "REPROCESS" : "REBUILD",
                FactsOf(order, rebuild.PreparedEnd, _context.Revision()));
            foreach ((PreparedLayer layer, DeltaFile file) in rebuild.Prepared.Zip(added))
            {
                published.Add(new BatchView(OpenLookup(file.Path, layer.Range), layer.Range, layer.Keys, file));
            }

            return published;
        }
        catch
        {
            // Whether the commit exists is unknown if it failed; what comes next reads what is there.
            _isUnsure = true;
            published.ForEach(layer => layer.Release());
            throw;
        }
        finally
        {
            // The files have gone from where they were prepared, all or some of them.
            rebuild.Discard();
        }
    }

    private static IEnumerable<KeyValuePair<string, string>> FactsOf(RebuildOrder order, LogPosition end, long revision) =>
        new (string Name, string? Value)[]
        {
            ("rebuild", order.Id.ToString()),
            ("reason", order.Reason),
            ("by", order.By),
            ("from", order.From?.ToString("O", CultureInfo.InvariantCulture)),
            ("to", order.To?.ToString("O", CultureInfo.InvariantCulture)),
            ("ordered_at", order.OrderedAt.ToString("O", CultureInfo.InvariantCulture)),
            ("position", end.ToString()),
            (RevisionFact, revision.ToString(CultureInfo.InvariantCulture)),
        }.Where(f => f.Value is not null).Select(f => KeyValuePair.Create(f.Name, f.Value!));
}
