namespace LambdaCore;

/// <summary>What one layer of a view had to do with an answer.</summary>
/// <param name="Source"><see cref="AnswerSource.Batch"/>, <see cref="AnswerSource.Log"/> or <see cref="AnswerSource.Speed"/>.</param>
/// <param name="Range">The log positions that the layer covers.</param>
/// <param name="Contributed">Whether the layer held anything that was asked for.</param>
/// <param name="Staleness">
/// For a batch view: the time since it was computed. For a speed view: the time since the newest event that it holds was
/// appended. Null while there is nothing in it, and for the log.
/// </param>
public sealed record LayerReceipt(AnswerSource Source, LogRange Range, bool Contributed, TimeSpan? Staleness);
