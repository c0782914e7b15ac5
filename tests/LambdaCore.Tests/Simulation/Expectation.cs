namespace LambdaCore.Tests.Simulation;

/// <summary>What a store must be found to hold if it stops at some moment. Immutable.</summary>
/// <param name="Readings">All events that were handed to the store, in the order of the log. What is appended later is added behind them.</param>
/// <param name="Acknowledged">So many of them must be there.</param>
/// <param name="Submitted">No more than so many may be there.</param>
/// <param name="Revisions">The numbers that events have after each correction: by position, as far as they were sealed.</param>
/// <param name="Corrections">So many corrections must be there.</param>
/// <param name="Attempted">No more than so many may be there.</param>
/// <param name="RawStart">Retention has removed the raw events up to here, or further.</param>
internal sealed record Expectation(
    List<Reading> Readings, int Acknowledged, int Submitted, List<long[]> Revisions, int Corrections, int Attempted, int RawStart)
{
    /// <summary>The number of an event at a revision.</summary>
    public long NumberOf(int position, int corrections) =>
        corrections > 0 && position < Revisions[corrections - 1].Length ? Revisions[corrections - 1][position] : Readings[position].Number;

    /// <summary>The expectation of one who has seen what is there: it stays, exactly.</summary>
    public Expectation Exactly(int end, int corrections) => this with { Acknowledged = end, Submitted = end, Corrections = corrections, Attempted = corrections };

    /// <summary>Tells it from other moments of the same history.</summary>
    public int Key => CrashStates.Mix(Acknowledged, Submitted, Corrections, Attempted);
}
