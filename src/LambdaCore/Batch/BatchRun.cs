namespace LambdaCore;

/// <summary>What a batch run did.</summary>
/// <param name="End">The position up to which every view is now covered by batch views.</param>
/// <param name="Views">The views, in the order of the options.</param>
/// <param name="Elapsed">How long the run took, sealing included.</param>
public sealed record BatchRun(LogPosition End, IReadOnlyList<BatchRunView> Views, TimeSpan Elapsed);

/// <summary>What a batch run did for one view.</summary>
/// <param name="Name">The view.</param>
/// <param name="Range">The events that the new batch view covers.</param>
/// <param name="Keys">The keys in the new batch view.</param>
/// <param name="Bytes">The size of its files.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record BatchRunView(string Name, LogRange Range, long Keys, long Bytes, TimeSpan Elapsed);
