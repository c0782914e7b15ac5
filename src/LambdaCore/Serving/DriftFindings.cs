namespace LambdaCore.Serving;

/// <summary>What a comparison of one range in one view has found.</summary>
/// <param name="Keys">The number of keys compared.</param>
/// <param name="Mismatches">How many of them differ.</param>
/// <param name="First">The first few of those.</param>
internal sealed record DriftFindings(long Keys, long Mismatches, IReadOnlyList<DriftMismatch> First);
