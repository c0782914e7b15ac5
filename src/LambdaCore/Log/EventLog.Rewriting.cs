using System.Globalization;
using LambdaCore.Diagnostics;
using LambdaCore.DuckDb;
using LambdaCore.Storage;
using LambdaCore.Tables;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <content>Changes of events that are sealed: segments are written aside, then one commit puts them in the place of the old ones.</content>
internal sealed partial class EventLog<TEvent>
{
    /// <summary>
    /// Which state of their content the events are in: the version of the master dataset's newest commit that changed events; 0 if none did.
    /// Sealing and compaction leave it as it is.
    /// </summary>
    public long Revision => _content.Revision;

    /// <summary>Writes the segments anew that hold events meant by a request. Nothing is changed; the caller disposes what it gets.</summary>
    /// <remarks>Only one rewriting at a time, from here to the commit: the caller sees to it. Sealing goes on meanwhile.</remarks>
    /// <exception cref="ArgumentException">A new value could not have been appended; the message names property and position.</exception>
    /// <exception cref="LogCorruptException">A segment is damaged or missing.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public PreparedRewrite PrepareRewrite(RewriteRequest request, CancellationToken cancellationToken)
    {
        _table.ThrowIfFailed();
        List<SegmentDraft> drafts = [];
        try
        {
            foreach (SegmentFile segment in _content.Segments.Covering(new LogRange(LogPosition.Zero, request.End)))
            {
                using MaterialisedSegments held = Materialise([segment]);
                if (SealedRows.WriteAnew(held.Files, () => _rewriter.Rewrite(held.WithRetired, request.Condition, request.Assignments, cancellationToken)) is { } rewritten)
                {
                    drafts.Add(new SegmentDraft(segment, rewritten.Draft, rewritten.Events));
                }
            }

            return new PreparedRewrite(request, drafts);
        }
        catch
        {
            new PreparedRewrite(request, drafts).Dispose();
            throw;
        }
    }

    /// <summary>Puts rewritten segments in the place of the old ones, in one commit: after a crash the master dataset has all of them or none.</summary>
    /// <remarks>
    /// From its beginning on it cannot be cancelled. Old files leave the table, not the disk. Without any segment there is no commit, and the revision
    /// stays.
    /// </remarks>
    /// <param name="prepared">What was prepared.</param>
    /// <param name="change">What the commit records.</param>
    /// <returns>The segments, in order.</returns>
    /// <exception cref="StorageException">The disk refused. Whether the change was made is unknown once it came to the commit; then the store takes no further commit until it is opened anew.</exception>
    public async Task<IReadOnlyList<RewrittenSegment>> CommitRewriteAsync(PreparedRewrite prepared, ContentChange change)
    {
        await _sealing.WaitAsync().ConfigureAwait(false);
        try
        {
            return prepared.Segments.Count == 0 ? [] : CommitRewrite(prepared, change);
        }
        finally
        {
            _sealing.Release();
        }
    }

    /// <summary>The first events that a prepared rewrite changes, as they are and as they would be.</summary>
    /// <param name="prepared">The rewrite, not yet committed.</param>
    /// <param name="most">At most so many.</param>
    public IReadOnlyList<EventDifference<TEvent>> Sample(PreparedRewrite prepared, int most)
    {
        List<EventDifference<TEvent>> sample = [];
        string changed = $"({prepared.Request.Condition}) AND ({SegmentRewriter.Changed(prepared.Request.Assignments ?? [])})";
        foreach (SegmentDraft segment in prepared.Segments.TakeWhile(_ => sample.Count < most))
        {
            using MaterialisedSegments held = Materialise([segment.Old]);
            List<(LogPosition Position, TEvent Event)> before = ReadEvents(held.Files, changed, most - sample.Count);
            string positions = string.Join(", ", before.Select(b => b.Position));
            List<(LogPosition Position, TEvent Event)> after = ReadEvents([new EventFile(segment.Draft.ScratchPath, _schema.Newest.Id)], $"{EventSchema.PositionColumn} IN ({positions})", before.Count);
            sample.AddRange(before.Zip(after, (b, a) => new EventDifference<TEvent>(b.Position, b.Event, a.Event)));
        }

        return sample;
    }

    /// <summary>The changes of events so far, the oldest first.</summary>
    /// <exception cref="TableCorruptException">A commit is missing or damaged.</exception>
    public IReadOnlyList<LogChange> ReadChanges() => [.. _table.ReadHistory().Select(s => s.LastCommit).Where(ContentChange.Is).Select(ContentChange.Read)];

    /// <summary>The stretches of the log whose content may have changed since a revision, in order, with the files of before and now.</summary>
    /// <param name="revision">An earlier revision, or the one now.</param>
    /// <returns>Null if a file of before is gone from disk.</returns>
    /// <exception cref="TableCorruptException">A commit is missing or damaged.</exception>
    public IReadOnlyList<RewrittenRange>? RewrittenSince(long revision)
    {
        if (revision >= Revision)
        {
            return [];
        }

        IReadOnlyList<RewrittenRange> rewritten = RewrittenRanges.Of(_table, revision);
        return rewritten.SelectMany(r => r.Old).All(s => _storage.Exists($"{Folder}/{s.File.Path}")) ? rewritten : null;
    }

    /// <summary>Whether events of a range may say something else than at an earlier revision, whatever files still exist.</summary>
    /// <exception cref="TableCorruptException">A commit is missing or damaged.</exception>
    public bool IsRewritten(LogRange range, long revision) =>
        revision < Revision && RewrittenRanges.Of(_table, revision).Any(r => r.Range.Start < range.End && range.Start < r.Range.End);

    /// <summary>Segments of any version of the master dataset whose files still exist, where DuckDB can read them; each was verified since the store was opened, and stays until the caller disposes what he gets.</summary>
    /// <param name="segments">At least one, side by side, in order.</param>
    /// <exception cref="LogCorruptException">A segment is damaged or missing.</exception>
    public MaterialisedSegments Materialise(IReadOnlyList<SegmentFile> segments) => Hold(default, () => segments);

    private List<(LogPosition Position, TEvent Event)> ReadEvents(IReadOnlyList<EventFile> files, string condition, int most) =>
        SealedRows.Read(files, () => ReadEvents(_source.Of(files), condition, most));

    private List<(LogPosition Position, TEvent Event)> ReadEvents(string source, string condition, int most)
    {
        List<(LogPosition, TEvent)> events = [];
        EventRowReader<TEvent> reader = new(_codec);
        IEnumerable<string> columns = _codec.Schema.Properties.Select(p => Sql.Name(p.Name)).Append(EventSchema.PositionColumn);
        using DuckDbConnection connection = _duckDb.Connect();
        using DuckDbResult result = connection.Query(string.Create(
            CultureInfo.InvariantCulture, $"SELECT {string.Join(", ", columns)} FROM {source} WHERE {condition} ORDER BY {EventSchema.PositionColumn} LIMIT {most}"));
        while (result.NextChunk())
        {
            for (int row = 0; row < result.RowCount; row++)
            {
                events.Add((new LogPosition(EventColumnReader.Present(result.Column(result.ColumnCount - 1), row).Int64(row)), reader.Read(result, row)));
            }
        }

        return events;
    }

    private List<RewrittenSegment> CommitRewrite(PreparedRewrite prepared, ContentChange change)
    {
        _table.ThrowIfFailed();
        List<RewrittenSegment> rewritten = [];
        try
        {
            foreach (SegmentDraft segment in prepared.Segments)
            {
                SegmentFileDraft draft = segment.Draft;
                string name = SegmentList.PathOf(segment.Old.Range, _table.Version + 1);
                DeltaFile file = new(name, draft.Size, draft.Sha256, _clock.GetUtcNow(), draft.Stats, TagsOf(segment.Old.File, prepared.Request));

                // An attempt that failed before it came to its commit may have left a file there.
                _storage.Delete($"{Folder}/{name}");
                _storage.Adopt(draft.ScratchPath, $"{Folder}/{name}");
                rewritten.Add(new RewrittenSegment(segment.Old, segment.Old with { File = file }, segment.Events));
            }
        }
        catch
        {
            Withdraw(rewritten.Select(r => r.New));
            throw;
        }

        _table.Commit(
            [.. rewritten.Select(r => r.New.File)],
            [.. rewritten.Select(r => r.Old.File.Path)],
            SealedEnd.Value,
            change.Operation,
            change.Facts(prepared.Events, prepared.Request.End));
        foreach (RewrittenSegment segment in rewritten)
        {
            _verifier.Trust(segment.New.File);
        }

        _content = Content.Of(_table);
        LogMessages.LogChanged(_logger, change.Operation, Revision, prepared.Events, rewritten.Count);
        return rewritten;
    }

    private IEnumerable<KeyValuePair<string, string>> TagsOf(DeltaFile old, RewriteRequest request)
    {
        IEnumerable<KeyValuePair<string, string>> tags = old.Tags.SetItem(StoredSchema.Tag, _schema.NewestTag.Value);
        return request.AppliesAmendments ? PendingAmendments.Without(tags) : tags;
    }

    /// <summary>Deletes files that did not come to their commit. What stays goes when the store is opened next.</summary>
    private void Withdraw(IEnumerable<SegmentFile> published)
    {
        try
        {
            foreach (SegmentFile segment in published)
            {
                _storage.Delete($"{Folder}/{segment.File.Path}");
            }
        }
        catch (StorageException)
        {
            // They take room, but no table has them.
        }
    }

    /// <summary>The master dataset at one version.</summary>
    private sealed record Content(DroppedEvents Dropped, SegmentList Segments, SegmentTally Tally, long Revision, LogPosition AmendedEnd)
    {
        public static Content Of(DeltaTable table)
        {
            try
            {
                DroppedEvents dropped = DroppedEvents.Of(table.Snapshot);
                SegmentList segments = SegmentList.Of(table);
                foreach (SegmentFile segment in segments.Segments)
                {
                    _ = SegmentTags.LastIngestedAt(segment);
                    _ = StoredSchema.VersionOf(segment.File);
                }

                return new Content(dropped, segments, new SegmentTally(dropped, segments), ContentChange.RevisionOf(table.Snapshot), ContentChange.AmendedEnd(table.Snapshot));
            }
            catch (Exception error) when (error is FormatException or OverflowException or ArgumentException or KeyNotFoundException or IndexOutOfRangeException)
            {
                throw TableCorruptException.At(table.Folder, 0, $"version {table.Version} says something of its files or of what was removed that this library does not write ({error.Message})", error);
            }
        }

        /// <summary>The segments that hold a range.</summary>
        public IReadOnlyList<SegmentFile> Covering(LogRange range) => range.IsEmpty || range.Start >= Dropped.End
            ? Segments.Covering(range)
            : throw new LambdaCoreException(
                $"The events {range} were to be read, but the raw events before {Dropped.End} have gone by retention. Only the archive layers of the views have states of them.");
    }
}
