using System.Globalization;

namespace LambdaCore;

/// <summary>What a batch run did.</summary>
/// <param name="End">The position up to which every view is now covered by batch views.</param>
/// <param name="Mode">What was to be computed.</param>
/// <param name="Views">The views whose layers changed, in the order of the options; none if there was nothing new.</param>
/// <param name="Elapsed">How long the run took, sealing included.</param>
public sealed record BatchRun(LogPosition End, BatchMode Mode, IReadOnlyList<BatchRunView> Views, TimeSpan Elapsed)
{
    /// <summary>
    /// Where the events began that the run could compute: those before it had gone by <see cref="Retention"/>. No run, and no full one, computes the states of them again; they stay as
    /// they are in the views' archive layers.
    /// </summary>
    public LogPosition RawStart { get; init; }

    /// <summary>What was amended in the run; all zero if nothing waited to amend others.</summary>
    public AmendmentRun Amendments { get; init; }

    /// <summary>What retention did after the run; null if raw events stay for ever.</summary>
    public RetentionRun? Retention { get; init; }

    /// <summary>The run in one line, for logs.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{(Mode == BatchMode.Full ? "full batch" : "batch")} to {End} in {Elapsed.TotalSeconds:F2} s: {(Views.Count == 0 ? "nothing new" : string.Join(", ", Views.Select(v => $"{v.Name} {v.Keys} keys of {v.Range}")))}{AmendedText}{KeptText}");

    private string AmendedText => Amendments == default ? "" : $"; {Amendments}";

    private string KeptText => Mode == BatchMode.Full && RawStart > LogPosition.Zero ? $"; raw events before {RawStart} have gone, so that the archive layers over them stay as they were" : "";
}

/// <summary>What a batch run did for one view.</summary>
/// <param name="Name">The view.</param>
/// <param name="Range">The events that were computed; empty if layers were merged only.</param>
/// <param name="Keys">The keys of these events.</param>
/// <param name="Bytes">The size of all files that were written for the view, those of a merge included.</param>
/// <param name="Layers">How many layers the view has now.</param>
/// <param name="MergedLayers">How many layers, the new one included, were merged into one afterwards; 0 if none were.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record BatchRunView(string Name, LogRange Range, long Keys, long Bytes, int Layers, int MergedLayers, TimeSpan Elapsed)
{
    /// <summary>The events of the view's archive layer, which no run computes anew since they have gone by <see cref="Retention"/>; empty if there is none.</summary>
    public LogRange Archive { get; init; }
}
