namespace LambdaCore;

/// <summary>How far an estimated value may be off.</summary>
/// <param name="Column">The state's column in the batch view, usually the name of the result's property.</param>
/// <param name="Aggregate">The aggregate, as written in the definition.</param>
/// <param name="Kind">What kind of bound it is.</param>
/// <param name="Size">The bound; 0.016 means 1.6 %.</param>
public sealed record ColumnError(string Column, string Aggregate, ErrorKind Kind, double Size);
