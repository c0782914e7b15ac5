using System.Globalization;
using LambdaCore.DuckDb;
using LambdaCore.Storage;
using LambdaCore.Tables;

namespace LambdaCore.Log;

/// <content>Rejected events are erased as others are.</content>
internal sealed partial class DeadLetterTable<TEvent>
{
    /// <summary>Writes the files anew that hold rejected events that are to go, and puts them in the place of the old ones in one commit.</summary>
    /// <param name="condition">SQL that holds for the events meant; it is not recorded.</param>
    /// <param name="end">Only files whose events lie before this position.</param>
    /// <param name="reason">What the commit records.</param>
    /// <param name="cancellationToken">Stops it before the commit.</param>
    /// <returns>How many events went.</returns>
    public long Erase(string condition, LogPosition end, string reason, CancellationToken cancellationToken)
    {
        if (_table is not { } table)
        {
            return 0;
        }

        table.ThrowIfFailed();
        SegmentRewriter rewriter = new(_storage, _duckDb, new EventFileColumns(_schema, MasterSchema.OwnOfDeadLetters), _codec.Schema.EventType.Name);
        SegmentSource source = new(_schema, MasterSchema.OwnOfDeadLetters);
        List<SegmentDraft> drafts = [];
        using IDisposable lease = Hold(new LogRange(LogPosition.Zero, end), out IReadOnlyList<SegmentFile> files);
        try
        {
            foreach (SegmentFile file in files)
            {
                EventFile[] read = [new EventFile(_verifier.Materialise(file), StoredSchema.VersionOf(file.File))];
                if (SealedRows.WriteAnew(read, () => rewriter.Rewrite(source.WithRetired(read), condition, assignments: null, cancellationToken)) is { } rewritten)
                {
                    drafts.Add(new SegmentDraft(file, rewritten.Draft, rewritten.Events));
                }
            }

            if (drafts.Count > 0)
            {
                Commit(table, drafts, reason);
            }

            return drafts.Sum(d => d.Events);
        }
        finally
        {
            drafts.ForEach(d => ScratchFile.Discard(d.Draft.ScratchPath));
        }
    }

    /// <summary>The files that left the table and are on disk.</summary>
    /// <param name="keep">How long they stay.</param>
    public IEnumerable<RemainingFile> Remaining(TimeSpan keep) => _table is { } table ? TableVacuum.RemainingOf(table, keep) : [];

    private void Commit(DeltaTable table, List<SegmentDraft> drafts, string reason)
    {
        List<DeltaFile> added = [];
        foreach (SegmentDraft draft in drafts)
        {
            string name = SegmentList.PathOf(draft.Old.Range, table.Version + 1);

            // An attempt that failed before its commit may have left a file of that name.
            _storage.Delete($"{Folder}/{name}");
            _storage.Adopt(draft.Draft.ScratchPath, $"{Folder}/{name}");
            added.Add(new DeltaFile(name, draft.Draft.Size, draft.Draft.Sha256, _clock.GetUtcNow(), draft.Draft.Stats, draft.Old.File.Tags.SetItem(StoredSchema.Tag, _schema.NewestTag.Value)));
        }

        table.Commit(
            added,
            [.. drafts.Select(d => d.Old.File.Path)],
            table.CoveredPosition,
            "ERASE",
            [new("reason", reason), new("events", drafts.Sum(d => d.Events).ToString(CultureInfo.InvariantCulture))]);
        added.ForEach(_verifier.Trust);
    }
}
