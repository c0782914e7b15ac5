namespace LambdaCore;

/// <summary>What a change of events in the log was for one view. Immutable.</summary>
/// <param name="Name">The view's name.</param>
/// <param name="Keys">How many keys were computed anew; states of sessions count once for all sessions of a key's other columns.</param>
/// <param name="Elapsed">How long that took.</param>
/// <param name="Failure">Why the view has not followed the change: it answers as before, and its receipts say so, until the next batch run; null if it has.</param>
public sealed record ChangedView(string Name, long Keys, TimeSpan Elapsed, string? Failure = null);
