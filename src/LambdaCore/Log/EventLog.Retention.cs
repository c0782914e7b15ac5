using System.Collections.Immutable;
using LambdaCore.Diagnostics;
using LambdaCore.Tables;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <content>Retention: the oldest segments leave the master dataset.</content>
internal sealed partial class EventLog<TEvent>
{
    /// <summary>What retention has removed.</summary>
    public DroppedEvents Dropped => _content.Dropped;

    /// <summary>The first position whose event the master dataset may still have. Zero as long as retention has removed nothing.</summary>
    public LogPosition RawStart => Dropped.End;

    /// <summary>The position up to which events may go: the end of a segment, or <see cref="RawStart"/>.</summary>
    /// <param name="retention">How long raw events stay.</param>
    /// <param name="covered">The end of the events of which every view has the states.</param>
    public LogPosition RetentionEnd(Retention retention, LogPosition covered)
    {
        IReadOnlyList<SegmentFile> segments = _content.Segments.Segments;
        long oldest = retention.Age is { } age ? UnixTime.FromDateTimeOffset(_clock.GetUtcNow()) - (age.Ticks / TimeSpan.TicksPerMicrosecond) : long.MinValue;
        long tooMany = retention.Bytes is { } bytes ? segments.Sum(s => s.File.Size) - bytes : 0;
        LogPosition end = RawStart;
        foreach (SegmentFile segment in segments)
        {
            if (segment.Range.End > covered || PendingAmendments.AreIn(segment.File) || (SegmentTags.LastIngestedAt(segment) >= oldest && tooMany <= 0))
            {
                break;
            }

            end = segment.Range.End;
            tooMany -= segment.File.Size;
        }

        return end;
    }

    /// <summary>Removes the oldest segments from the master dataset in one commit. Their files stay on disk until they are vacuumed.</summary>
    /// <param name="end">The new raw start: the end of a segment. The archive layers up to there are durable.</param>
    /// <param name="archives">The folder of each view that has an archive layer, and the position from which the view counts.</param>
    /// <param name="cancellationToken">Stops waiting for a seal that is going on.</param>
    /// <returns>The segments that left.</returns>
    public async Task<IReadOnlyList<DeltaFile>> RetainAsync(
        LogPosition end, IEnumerable<KeyValuePair<string, LogPosition>> archives, CancellationToken cancellationToken)
    {
        await _sealing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            SegmentFile[] removed = [.. _content.Segments.Segments.Where(s => s.Range.Start < end)];
            if (removed[^1].Range.End != end)
            {
                throw new InvalidOperationException($"Events before {end} were to be removed, but the segment {removed[^1].Range} has others.");
            }

            DroppedEvents dropped = new(
                end,
                SealedTally(end),
                SegmentTags.LastIngestedAt(removed[^1]),
                ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, archives));
            _table.Commit([], [.. removed.Select(s => s.File.Path)], SealedEnd.Value, SegmentList.RetainOperation, dropped.Facts);
            _content = Content.Of(_table);
            _deadLetters.DropBefore(end, SealedEnd);
            LogMessages.RawEventsDropped(_logger, removed.Length, end.Value);
            return [.. removed.Select(s => s.File)];
        }
        finally
        {
            _sealing.Release();
        }
    }

    /// <summary>Forgets that a view has an archive layer, since it is dropped or has another name.</summary>
    /// <param name="folder">The view's folder.</param>
    /// <param name="newFolder">The folder where it is now; null if it is dropped.</param>
    public void MoveArchive(string folder, string? newFolder)
    {
        if (!Dropped.Archives.TryGetValue(folder, out LogPosition start))
        {
            return;
        }

        ImmutableSortedDictionary<string, LogPosition> archives = Dropped.Archives.Remove(folder);
        DroppedEvents dropped = Dropped with { Archives = newFolder is null ? archives : archives.SetItem(newFolder, start) };
        _sealing.Wait();
        try
        {
            _table.Commit([], [], SealedEnd.Value, SegmentList.RetainOperation, dropped.Facts);
            _content = Content.Of(_table);
        }
        finally
        {
            _sealing.Release();
        }
    }
}
