namespace LambdaCore;

/// <summary>A key whose states the two layers computed differently from the same events. There is an error in one of them: please report it.</summary>
/// <param name="View">The view.</param>
/// <param name="Range">The events.</param>
/// <param name="Key">The key, as text.</param>
/// <param name="Batch">The result in the batch layer and the bytes of its states, as text; null if it does not have the key.</param>
/// <param name="Speed">The result in the speed layer and the bytes of its states, as text; null if it does not have the key.</param>
public sealed record DriftMismatch(string View, LogRange Range, string Key, string? Batch, string? Speed);
