using Microsoft.Extensions.Logging;

namespace LambdaCore.Diagnostics;

/// <summary>Every message that the library logs, once.</summary>
internal static partial class LogMessages
{
    [LoggerMessage(1, LogLevel.Information, "Opened with {Events} events, {Sealed} of them sealed. {Description}")]
    public static partial void StoreOpened(ILogger logger, long events, long @sealed, string description);

    [LoggerMessage(2, LogLevel.Information, "Closed store {Folder}")]
    public static partial void StoreClosed(ILogger logger, string folder);

    [LoggerMessage(3, LogLevel.Warning, "Salvaged {Kept} positions of a damaged store; {Lost} are lost. {Damage} of its files were damaged")]
    public static partial void StoreSalvaged(ILogger logger, long kept, long lost, int damage);

    [LoggerMessage(10, LogLevel.Debug, "Sealed {Events} events into segment {Segment} of {Bytes} bytes")]
    public static partial void SegmentSealed(ILogger logger, string segment, long events, long bytes);

    [LoggerMessage(11, LogLevel.Error, "Sealing the events from {Start} to {End} failed; they stay in the write-ahead log")]
    public static partial void SealFailed(ILogger logger, Exception error, long start, long end);

    [LoggerMessage(12, LogLevel.Information, "{Operation}: revision {Revision} of the log changes {Events} events in {Segments} segments")]
    public static partial void LogChanged(ILogger logger, string operation, long revision, long events, int segments);

    [LoggerMessage(13, LogLevel.Information, "Events have shape {Schema} from now on: {Changes}")]
    public static partial void SchemaEvolved(ILogger logger, int schema, string changes);

    [LoggerMessage(14, LogLevel.Information, "{Segments} segments became one, {Segment} of {Bytes} bytes")]
    public static partial void SegmentsCompacted(ILogger logger, string segment, int segments, long bytes);

    [LoggerMessage(15, LogLevel.Warning, "Small segments could not be written into one; they stay as they are until the next batch run")]
    public static partial void CompactionFailed(ILogger logger, Exception error);

    [LoggerMessage(16, LogLevel.Information, "Vacuum deleted {Files} files of {Bytes} bytes; {Remaining} that are not needed now stay")]
    public static partial void Vacuumed(ILogger logger, int files, long bytes, int remaining);

    [LoggerMessage(18, LogLevel.Information, "Retention removed {Segments} segments: the raw events before {RawStart} have gone")]
    public static partial void RawEventsDropped(ILogger logger, int segments, long rawStart);

    [LoggerMessage(17, LogLevel.Warning, "Retention removes nothing, because views still need events that would go: {Views}. Open the store with those that it was not opened with, or drop them; others it waits for")]
    public static partial void RetentionWaits(ILogger logger, string views);

    [LoggerMessage(20, LogLevel.Information, "Batch view {View} has a layer over the events {Range}: {Keys} keys in {Elapsed}")]
    public static partial void BatchViewBuilt(ILogger logger, string view, string range, long keys, TimeSpan elapsed);

    [LoggerMessage(21, LogLevel.Warning, "Batch view {View} is of no use and will be built anew: {Reason}")]
    public static partial void BatchViewDiscarded(ILogger logger, string view, string reason, Exception? error);

    [LoggerMessage(22, LogLevel.Information, "Batch view {View} has merged {Layers} layers over the events {Range}: {Keys} keys in {Elapsed}")]
    public static partial void BatchViewMerged(ILogger logger, string view, int layers, string range, long keys, TimeSpan elapsed);

    [LoggerMessage(23, LogLevel.Warning, "The layer of batch view {View} over the events {Range} is damaged and will be computed anew")]
    public static partial void BatchLayerDiscarded(ILogger logger, string view, string range, Exception error);

    [LoggerMessage(24, LogLevel.Information, "The events {Range} are too many to compute for batch view {View} at once; it goes on in halves")]
    public static partial void BatchHalved(ILogger logger, string view, string range, Exception error);

    [LoggerMessage(25, LogLevel.Error, "The batch run failed for view {View}, which answers as before")]
    public static partial void BatchViewFailed(ILogger logger, string view, Exception error);

    [LoggerMessage(26, LogLevel.Warning, "The part of the rebuild of view {View} over the events {Range} is of no use and will be computed anew")]
    public static partial void RebuildPartDiscarded(ILogger logger, string view, string range, Exception error);

    [LoggerMessage(27, LogLevel.Information, "View {View} is computed anew ({Kind}, {Id}): {Reason}")]
    public static partial void RebuildBegun(ILogger logger, string view, string kind, Guid id, string? reason);

    [LoggerMessage(28, LogLevel.Information, "View {View} was computed anew ({Kind}, {Id}) up to position {End} in {Elapsed}")]
    public static partial void RebuildDone(ILogger logger, string view, string kind, Guid id, long end, TimeSpan elapsed);

    [LoggerMessage(29, LogLevel.Warning, "Computing view {View} anew failed, {Failures} in a row; it is tried again in {Delay}. The view answers as before")]
    public static partial void RebuildFailed(ILogger logger, Exception error, string view, int failures, TimeSpan? delay);

    [LoggerMessage(34, LogLevel.Information, "Batch view {View} has a layer over the events {Range}, so that raw events may go: {Keys} keys in {Elapsed}")]
    public static partial void BatchViewArchived(ILogger logger, string view, string range, long keys, TimeSpan elapsed);

    [LoggerMessage(35, LogLevel.Warning, "The full batch computes the events from {RawStart} on only: those before have gone by retention, and the archive layers over them stay as they are")]
    public static partial void FullBatchKeepsArchives(ILogger logger, long rawStart);

    [LoggerMessage(36, LogLevel.Information, "Batch view {View} follows revision {Revision} of the log: {Layers} layers written anew in {Elapsed}")]
    public static partial void BatchViewHealed(ILogger logger, string view, long revision, int layers, TimeSpan elapsed);

    [LoggerMessage(37, LogLevel.Warning, "A segment as it was before a change of the log cannot be read; views are computed anew instead of where the change touched them")]
    public static partial void OldSegmentUnusable(ILogger logger, Exception error);

    [LoggerMessage(38, LogLevel.Error, "View {View} could not follow the log from revision {From} to {To}; it answers as before until the next batch run")]
    public static partial void BatchViewNotHealed(ILogger logger, Exception error, string view, long from, long to);

    [LoggerMessage(39, LogLevel.Warning, "The order to compute view {View} anew is damaged, and what was done of it is deleted. The view answers as before; order it again if it was ordered by hand")]
    public static partial void RebuildOrderDiscarded(ILogger logger, string view);

    [LoggerMessage(40, LogLevel.Error, "The layers disagree about {Mismatches} of {Keys} keys of view {View}, over the events {Range}, for instance about {Mismatch}. Answers now follow the batch. Please report this")]
    public static partial void DriftFound(ILogger logger, string view, string range, long mismatches, long keys, string mismatch);

    [LoggerMessage(41, LogLevel.Warning, "View {View} was not audited over the events {Range}")]
    public static partial void DriftNotAudited(ILogger logger, Exception error, string view, string range);

    [LoggerMessage(42, LogLevel.Warning, "{NotFound} events amend what the log does not have before them. They count like any other; where they were to amend raw events before {RawStart}, which have gone by retention, views count both")]
    public static partial void AmendedNotFound(ILogger logger, long notFound, long rawStart);

    [LoggerMessage(30, LogLevel.Warning, "A scheduled batch run failed, {Failures} in a row; it is tried again in {Delay}. The views answer as before")]
    public static partial void ScheduledBatchFailed(ILogger logger, Exception? error, int failures, TimeSpan delay);

    [LoggerMessage(31, LogLevel.Error, "No more batches run by the schedule '{Schedule}', since only opening the store again can help. The views answer as before")]
    public static partial void ScheduleStopped(ILogger logger, Exception error, string schedule);
}
