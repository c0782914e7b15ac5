using System.Globalization;

namespace LambdaCore;

/// <summary>What a batch run did.</summary>
/// <param name="End">The position up to which every view is now covered by batch views.</param>
/// <param name="Views">The views that were recomputed, in the order of the options; none if there was nothing new.</param>
/// <param name="Elapsed">How long the run took, sealing included.</param>
public sealed record BatchRun(LogPosition End, IReadOnlyList<BatchRunView> Views, TimeSpan Elapsed)
{
    /// <summary>The run in one line, for logs.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"batch to {End} in {Elapsed.TotalSeconds:F2} s: {(Views.Count == 0 ? "nothing new" : string.Join(", ", Views.Select(v => $"{v.Name} {v.Keys} keys")))}");
}

/// <summary>What a batch run did for one view.</summary>
/// <param name="Name">The view.</param>
/// <param name="Range">The events that the new batch view covers.</param>
/// <param name="Keys">The keys in the new batch view.</param>
/// <param name="Bytes">The size of its files.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record BatchRunView(string Name, LogRange Range, long Keys, long Bytes, TimeSpan Elapsed);
