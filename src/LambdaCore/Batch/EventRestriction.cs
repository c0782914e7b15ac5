using LambdaCore.Views;

namespace LambdaCore.Batch;

/// <summary>Restricts the states that a view's SQL computes to some keys.</summary>
/// <param name="Keys">The keys.</param>
/// <param name="Times">A condition on stored events that holds for all that count for one of the keys; null if there is none.</param>
internal sealed record EventRestriction(KeyTable Keys, string? Times);
