namespace LambdaCore;

/// <summary>What a batch run is about.</summary>
public enum BatchPhase
{
    /// <summary>Writing the tail of the log into the master dataset.</summary>
    Sealing,

    /// <summary>Computing the states of a range of events.</summary>
    Computing,

    /// <summary>Merging layers of a view, or the parts of a computation that did not fit in memory.</summary>
    Merging,

    /// <summary>Writing the file by which queries find keys, and making a new layer part of the view.</summary>
    Publishing,
}

/// <summary>How far a batch run is: a moment in one of its phases.</summary>
/// <param name="View">The view; null while sealing, which is for all of them.</param>
/// <param name="Phase">What the run is about.</param>
/// <param name="Rows">What is done of the phase: events while sealing and computing, keys otherwise.</param>
/// <param name="TotalRows">The size of the phase, as far as it is known; merging may end before it, since keys meet.</param>
/// <param name="Bytes">The bytes that the run has written into files of views so far.</param>
/// <param name="Remaining">
/// About how long computing the events that are left will take, over all views; null while nothing can be said, and in other phases than
/// <see cref="BatchPhase.Computing"/>.
/// </param>
public sealed record BatchProgress(string? View, BatchPhase Phase, long Rows, long TotalRows, long Bytes, TimeSpan? Remaining);
