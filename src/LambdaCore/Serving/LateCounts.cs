using System.Globalization;
using LambdaCore.Values;

namespace LambdaCore;

/// <summary>What became of the late events of a part of the log: of those whose time lay before the watermark when they came.</summary>
/// <param name="Counted">They count like any other event: they were within the grace period, or the store includes what is too late.</param>
/// <param name="Waiting">They were too late, and join views with the next batch only (<see cref="LatePolicy.BatchOnly"/>).</param>
/// <param name="Rejected">They were too late, and count nowhere (<see cref="LatePolicy.Reject"/>).</param>
public readonly record struct LateCounts(long Counted, long Waiting, long Rejected)
{
    /// <summary>The counts in words, for logs.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Counted} counted, {Waiting} waiting, {Rejected} rejected");

    internal static LateCounts Between(in EventTimeTally start, in EventTimeTally end) => new(
        end.LateAndCounted - start.LateAndCounted, end.BatchOnly - start.BatchOnly, end.Rejected - start.Rejected);
}
