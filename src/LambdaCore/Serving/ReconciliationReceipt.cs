using System.Globalization;
using System.Text;

namespace LambdaCore;

/// <summary>How the layers became one answer: how many rows have which value. Rows that <c>Take</c> cut off count, if they were read.</summary>
public sealed record ReconciliationReceipt
{
    /// <summary>The reconciliation: the question's own, or else the view's.</summary>
    public required Reconciliation Used { get; init; }

    /// <summary>Why no row has the batch value, if the reconciliation would have preferred it; null otherwise.</summary>
    public RealTimeReason? Reason { get; init; }

    /// <summary>
    /// The event-time watermark as of <see cref="Receipt.BatchEnd"/>, by which <see cref="Reconciliation.Replace"/> and
    /// <see cref="Reconciliation.Hybrid"/> decide; null under the others, and where <see cref="Reason"/> is given.
    /// </summary>
    public DateTimeOffset? BatchWatermark { get; init; }

    /// <summary>Rows with the batch value: the fold of the events before <see cref="Receipt.BatchEnd"/>.</summary>
    public int BatchRows { get; init; }

    /// <summary>Rows with the real-time value: the fold of the events before <see cref="Receipt.Position"/>.</summary>
    public int RealTimeRows { get; init; }

    /// <summary>Rows between both values, under <see cref="Reconciliation.Hybrid"/>.</summary>
    public int BlendedRows { get; init; }

    /// <summary>
    /// Keys of closed windows that only late events have, left out by <see cref="Reconciliation.Replace"/> until the next batch run. They are counted before
    /// <c>Having</c>.
    /// </summary>
    public int WithheldRows { get; init; }

    /// <summary>The reconciliation in a few words, for logs.</summary>
    public override string ToString()
    {
        StringBuilder text = new($"{Used}");
        _ = Reason is { } reason ? text.Append(CultureInfo.InvariantCulture, $", {reason}") : text;
        foreach ((int count, string what) in new[] { (BatchRows, "batch"), (RealTimeRows, "real-time"), (BlendedRows, "blended"), (WithheldRows, "withheld") })
        {
            _ = count > 0 ? text.Append(CultureInfo.InvariantCulture, $", {count} {what}") : text;
        }

        return text.ToString();
    }
}
