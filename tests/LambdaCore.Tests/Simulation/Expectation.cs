using System.Collections.Immutable;

namespace LambdaCore.Tests.Simulation;

/// <summary>What a store must be found to hold if it stops at some moment. Immutable.</summary>
/// <param name="Readings">All events that were handed to the store, in the order of the log. What is appended later is added behind them.</param>
/// <param name="Acknowledged">So many of them must be there.</param>
/// <param name="Submitted">No more than so many may be there.</param>
/// <param name="Revisions">The numbers that events have after each change of the log: by position, as far as they were sealed; null where an event is gone.</param>
/// <param name="Changes">So many changes must be there.</param>
/// <param name="Attempted">No more than so many may be there.</param>
/// <param name="RawStart">Retention has removed the raw events up to here, or further.</param>
internal sealed record Expectation(
    List<Reading> Readings, int Acknowledged, int Submitted, List<long?[]> Revisions, int Changes, int Attempted, int RawStart)
{
    /// <summary>The ids of rejected events that were erased: those from the first to before the second of each pair.</summary>
    public ImmutableArray<(long First, long End)> Erased { get; init; } = [];

    /// <summary>The same of erasures that were begun, and perhaps done.</summary>
    public ImmutableArray<(long First, long End)> PerhapsErased { get; init; } = [];

    /// <summary>Tells it from other moments of the same history.</summary>
    public int Key => CrashStates.Mix(Acknowledged, Submitted, Changes, Attempted, Erased.Length, PerhapsErased.Length);

    /// <summary>The number that an event has in the log after so many changes; null if it is not there: it was rejected, erased, or amended by another.</summary>
    public long? Stored(int position, int changes) =>
        changes > 0 && position < Revisions[changes - 1].Length ? Revisions[changes - 1][position]
        : Readings[position].IsRejected ? null
        : Readings[position].Number;

    /// <summary>The number with which an event counts; null if it does not: it is not there, or amends others and waits.</summary>
    public long? Counted(int position, int changes) => Waits(position, changes) ? null : Stored(position, changes);

    /// <summary>Whether an event amends others, and no batch has let it yet.</summary>
    public bool Waits(int position, int changes) =>
        Readings[position] is { Amends: not null, IsRejected: false } && (changes == 0 || position >= Revisions[changes - 1].Length);

    /// <summary>What the next batch run makes of the events before a position by letting those amend others that wait; null if none does.</summary>
    public long?[]? Amended(int changes, int end, int rawStart)
    {
        int[] amending = [.. Enumerable.Range(0, end).Where(i => Waits(i, changes))];
        if (amending.Length == 0)
        {
            return null;
        }

        return [.. Enumerable.Range(0, end).Select(i => i >= rawStart && amending.Any(a => a > i && Readings[i].IsKnownAs(Readings[a].Amends!.Value)) ? null : Stored(i, changes))];
    }

    /// <summary>Whether a rejected event must be among the dead letters; null if it may be.</summary>
    public bool? IsDeadLetter(int position, int rawStart)
    {
        Reading reading = Readings[position];
        return !reading.IsRejected || Erased.Any(Has) ? false
            : position < rawStart || PerhapsErased.Any(Has) ? null
            : true;

        bool Has((long First, long End) range) => range.First <= reading.Id && reading.Id < range.End;
    }

    /// <summary>The expectation of one who has seen what is there: it stays, exactly.</summary>
    public Expectation Exactly(int end, int changes) => this with { Acknowledged = end, Submitted = end, Changes = changes, Attempted = changes };

    /// <summary>The expectation after one more event and a batch run, apart from this one's history.</summary>
    public Expectation Next(Reading reading, int rawStart)
    {
        Expectation next = this with { Readings = [.. Readings.Take(Acknowledged), reading], Revisions = [.. Revisions.Take(Changes)], Acknowledged = Acknowledged + 1, Submitted = Acknowledged + 1 };
        if (next.Amended(Changes, next.Acknowledged, rawStart) is { } amended)
        {
            next.Revisions.Add(amended);
            next = next with { Changes = Changes + 1, Attempted = Changes + 1 };
        }

        return next;
    }
}
