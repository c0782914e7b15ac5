using System.Globalization;
using System.Runtime.CompilerServices;
using LambdaCore.DuckDb;
using LambdaCore.Tables;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <content>The log as it was: the events before a position, or before a time, with or without what was changed later.</content>
internal sealed partial class EventLog<TEvent>
{
    /// <summary>Events between which a reading may be given up, and the most that it holds at a time.</summary>
    private const long EventsPerReading = 1 << 17;

    /// <summary>The log at a moment. What is not sealed by then, is.</summary>
    /// <param name="moment">The moment; nothing of it is ahead of what is acknowledged.</param>
    /// <param name="cancellationToken">Stops waiting, or between two segments that are sealed.</param>
    /// <exception cref="LambdaCoreException">A file that is needed is gone; the message says since when the log can be read.</exception>
    /// <exception cref="LogCorruptException">A segment is damaged.</exception>
    public async Task<LogPrefix> AtAsync(LogMoment moment, CancellationToken cancellationToken)
    {
        if (SealedEnd < moment.End && !(moment.IngestedUpTo < SealedIngestedAt))
        {
            await SealAsync(() => LogPosition.Max(SealedEnd, Acknowledged), cancellationToken).ConfigureAwait(false);
        }

        return await Task.Run(() => At(moment), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads events in the order of the log, a part at a time.</summary>
    /// <param name="prefix">The events.</param>
    /// <param name="conditions">Conditions in SQL on the stored columns, which all must hold.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    public async IAsyncEnumerable<StoredEvent<TEvent>> ReadAsync(
        LogPrefix prefix, IReadOnlyList<string> conditions, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (LogPart part in prefix.Parts)
        {
            for (LogPosition next = part.Range.Start; next < part.Range.End;)
            {
                LogRange piece = new(next, LogPosition.Min(part.Range.End, new LogPosition(next.Value + Math.Min(EventsPerReading, part.Range.Count))));
                foreach (StoredEvent<TEvent> stored in await Task.Run(() => Read(part.Segments, piece, conditions), cancellationToken).ConfigureAwait(false))
                {
                    yield return stored;
                }

                next = piece.End;
            }
        }
    }

    private LogPrefix At(LogMoment moment)
    {
        while (true)
        {
            Content now = _content;
            PastVersions versions = moment.KnownAt is null && (moment.Revision ?? now.Revision) == now.Revision
                ? PastVersions.Now(now.Segments, now.Revision)
                : PastVersions.Read(_table, moment.IsBeyond);
            if (versions.Start != now.Dropped.End)
            {
                continue;
            }

            ThrowIfGone(moment, versions, now.Dropped);
            IReadOnlyList<PastStretch> stretches = versions.Before(moment.End);
            SegmentFile[] files = [.. stretches.SelectMany(s => s.Segments).DistinctBy(s => s.File.Path)];
            using IDisposable lease = _leases.Hold(() => files, out _);
            if (Prefix(moment, stretches, versions) is { } prefix)
            {
                return prefix;
            }

            // Else it went between choosing and holding: compaction has put other files in their place, and a vacuum was quick.
            if (_content == now)
            {
                throw NotKnown(moment);
            }
        }
    }

    /// <summary>Puts the stretches together, up to the last event that counts. Their files are held.</summary>
    /// <returns>Null if a file is missing.</returns>
    private LogPrefix? Prefix(LogMoment moment, IReadOnlyList<PastStretch> stretches, PastVersions versions)
    {
        LogPosition start = moment.End == LogPosition.Zero ? LogPosition.Zero : versions.Start;
        LogPosition end = start;
        List<LogPart> parts = [];
        try
        {
            foreach ((LogRange range, IReadOnlyList<SegmentFile> segments) in stretches)
            {
                // A segment may reach beyond the stretch: what it has there decides nothing.
                int whole = moment.IngestedUpTo is { } time ? segments.TakeWhile(s => SegmentTags.LastIngestedAt(s) <= time || (s.Range.End > range.End && !HasLater(s, range, time))).Count() : segments.Count;
                SegmentFile[] counted = [.. segments.Take(whole + 1)];
                if (counted.Any(s => !_storage.Exists($"{Folder}/{s.File.Path}")))
                {
                    parts.ForEach(p => p.Segments.Dispose());
                    return null;
                }

                bool isCut = whole < segments.Count;
                end = isCut
                    ? LogPosition.Max(range.Start, LogPosition.Min(range.End, EndOfIngested(segments[whole], moment.IngestedUpTo!.Value)))
                    : range.End;
                if (end > range.Start)
                {
                    parts.Add(new LogPart(new LogRange(range.Start, end), Materialise([.. counted.Where(s => s.Range.Start < end)])));
                }

                if (isCut)
                {
                    break;
                }
            }

            return new LogPrefix(start, end, versions.Revision, SealedTally(end), parts);
        }
        catch
        {
            parts.ForEach(p => p.Segments.Dispose());
            throw;
        }
    }

    /// <summary>Refuses what only raw events could tell that retention has removed.</summary>
    private static void ThrowIfGone(LogMoment moment, PastVersions versions, DroppedEvents dropped)
    {
        if (moment.End == LogPosition.Zero || dropped.End == LogPosition.Zero)
        {
            return;
        }

        if (moment.End < dropped.End)
        {
            throw new LambdaCoreException(
                $"The log cannot be read as of {moment.End}: the raw events before {dropped.End} have gone by retention, and of those the views have the states of all together only. Ask for {dropped.End} or a later position.");
        }

        if (moment.IngestedUpTo < dropped.LastIngestedAt)
        {
            throw new LambdaCoreException(
                $"The log cannot be read as it was known at {moment.KnownAt:O}: the raw events before {dropped.End}, of which the last was appended at {UnixTime.ToDateTimeOffset(dropped.LastIngestedAt):O}, have gone by retention, and of those the views have the states of all together only. Ask for that time or a later one.");
        }

        if (versions.AreGoneChanged)
        {
            throw new LambdaCoreException(
                $"The log cannot be read as it was known {moment.KnownText}: events were changed or removed since, among them some before {dropped.End}, which have gone by retention. Ask by a position: that gives the events as they are now.");
        }
    }

    private LambdaCoreException NotKnown(LogMoment moment)
    {
        DateTimeOffset? since = PastVersions.KnownSince(_table, s => _storage.Exists($"{Folder}/{s.File.Path}"));
        return new LambdaCoreException(
            $"The log cannot be read as it was known {moment.KnownText}: events were changed or removed since, and files from before are gone, by a vacuum or by the change itself. "
            + (since is { } earliest ? $"Ask for {earliest:O} or later, or by a position: that gives the events as they are now." : "Ask by a position: that gives the events as they are now."));
    }

    /// <summary>Whether a segment has events of a range that were ingested after a time; so it is said of one whose file is missing.</summary>
    private bool HasLater(SegmentFile segment, LogRange range, long time)
    {
        if (!_storage.Exists($"{Folder}/{segment.File.Path}"))
        {
            return true;
        }

        using MaterialisedSegments held = Materialise([segment]);
        using DuckDbConnection connection = _duckDb.Connect();
        return connection.Scalar<long>(string.Create(
            CultureInfo.InvariantCulture,
            $"SELECT count(*) FROM {held.WithRetired} WHERE {EventSchema.PositionColumn} >= {range.Start.Value} AND {EventSchema.PositionColumn} < {range.End.Value} AND {EventSchema.IngestedAtColumn} > make_timestamptz({time})")) > 0;
    }

    /// <summary>The end of the events of a segment that were appended up to a time; those that were removed since count neither way.</summary>
    private LogPosition EndOfIngested(SegmentFile segment, long time)
    {
        using MaterialisedSegments held = Materialise([segment]);
        using DuckDbConnection connection = _duckDb.Connect();
        return SealedRows.Read(held.Files, () =>
        {
            long? last = connection.Scalar<long?>(string.Create(
                CultureInfo.InvariantCulture,
                $"SELECT max({EventSchema.PositionColumn}) FROM {held.WithRetired} WHERE {EventSchema.IngestedAtColumn} <= make_timestamptz({time})"));
            return last is { } position ? new LogPosition(checked(position + 1)) : segment.Range.Start;
        });
    }

    private List<StoredEvent<TEvent>> Read(MaterialisedSegments segments, LogRange range, IReadOnlyList<string> conditions) =>
        SealedRows.Read(segments.Files, () => ReadRows(segments, range, conditions));

    private List<StoredEvent<TEvent>> ReadRows(MaterialisedSegments segments, LogRange range, IReadOnlyList<string> conditions)
    {
        IReadOnlyList<FileColumn> columns = [.. MasterSchema.OfEvents(_schema), .. MasterSchema.OwnOfMaster];
        int own = _schema.Active.Count;
        string where = string.Join(" AND ", conditions.Select(c => $"({c})").Prepend(string.Create(
            CultureInfo.InvariantCulture, $"{EventSchema.PositionColumn} >= {range.Start.Value} AND {EventSchema.PositionColumn} < {range.End.Value}")));
        EventRowReader<TEvent> reader = new(_codec);
        List<StoredEvent<TEvent>> events = [];
        using DuckDbConnection connection = _duckDb.Connect();
        using DuckDbResult result = connection.Query(
            $"SELECT {string.Join(", ", columns.Select(c => Sql.Name(c.Name)))} FROM {segments.Source} WHERE {where} ORDER BY {EventSchema.PositionColumn}");
        while (result.NextChunk())
        {
            for (int row = 0; row < result.RowCount; row++)
            {
                events.Add(new StoredEvent<TEvent>(
                    new LogPosition(EventColumnReader.Present(result.Column(own), row).Int64(row)),
                    reader.Read(result, row),
                    UnixTime.ToDateTimeOffset(EventColumnReader.Present(result.Column(own + 1), row).Int64(row)),
                    EventColumnReader.Present(result.Column(own + 2), row).Boolean(row)));
            }
        }

        return events;
    }
}
