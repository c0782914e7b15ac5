using System.Globalization;

namespace LambdaCore;

/// <summary>What the drift audit has found since the store was opened. Immutable.</summary>
/// <remarks>
/// When a batch run has computed what is new, the speed layer still has the states of exactly the same events, computed by other code. If
/// <see cref="LambdaStoreOptions{TEvent}.AuditDrift"/> is set, they are compared before the speed layer lets them go, byte by byte. Aggregates whose last
/// digits depend on the order of events (sums, averages and deviations of floating-point numbers) are left out of the comparison. If there is
/// a difference, the run goes on: from then on answers are made of the batch's states.
/// </remarks>
public sealed record DriftReport
{
    internal const string ComputedAnew = "computed anew, together with earlier events";
    internal const string HoldsBatchOnly = "with events that came too late for the speed layer";
    internal const string Cancelled = "cancelled";
    internal const string Failed = "failed, as the log says";

    internal DriftReport()
    {
    }

    /// <summary>How many ranges of events were compared, in one view each.</summary>
    public long RangesCompared { get; internal init; }

    /// <summary>How many keys were compared.</summary>
    public long KeysCompared { get; internal init; }

    /// <summary>How many keys had different states, or were missing in one of the layers. Anything but 0 is an error in this library or in an aggregate of yours.</summary>
    public long Mismatches { get; internal init; }

    /// <summary>The latest mismatches, oldest first: at most 100, and at most 10 of one range and view.</summary>
    public IReadOnlyList<DriftMismatch> LatestMismatches { get; internal init; } = [];

    /// <summary>How many ranges were not compared, by the reason.</summary>
    public IReadOnlyDictionary<string, long> RangesSkipped { get; internal init; } = new Dictionary<string, long>();

    /// <summary>The report in one line, for logs.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Mismatches} mismatches among {KeysCompared} keys of {RangesCompared} ranges, {RangesSkipped.Values.Sum()} ranges skipped");
}
