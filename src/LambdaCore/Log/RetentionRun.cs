using System.Globalization;

namespace LambdaCore;

/// <summary>What an application of <see cref="Retention"/> did.</summary>
/// <param name="RawStart">Where the raw events begin now.</param>
/// <param name="Events">The number of positions whose events have gone.</param>
/// <param name="Segments">The number of segments that left the master dataset.</param>
/// <param name="Bytes">Their size. The disk has it back when they are vacuumed.</param>
/// <param name="WaitsFor">
/// The views that still need raw events which were to go, so that none went: those whose files the store has, but that it was not opened with (open the store with them, or drop them by
/// <see cref="LambdaStore{TEvent}.DropViewAsync"/>), those that are being computed anew, and those that have not followed a change of the log yet. Empty if nothing was to go.
/// </param>
/// <param name="Elapsed">How long it took.</param>
public sealed record RetentionRun(LogPosition RawStart, long Events, int Segments, long Bytes, IReadOnlyList<string> WaitsFor, TimeSpan Elapsed)
{
    /// <summary>The run in one line, for logs.</summary>
    public override string ToString() => WaitsFor.Count > 0
        ? $"retention waits for the views {string.Join(", ", WaitsFor)}, which still need raw events; raw events from {RawStart}"
        : string.Create(CultureInfo.InvariantCulture, $"retention of {Events} events, {Segments} segments, {Bytes} bytes in {Elapsed.TotalSeconds:F2} s; raw events from {RawStart}");
}
