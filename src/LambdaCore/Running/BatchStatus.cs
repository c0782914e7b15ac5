namespace LambdaCore;

/// <summary>How the batch layer fares, at one moment since the store was opened. Immutable.</summary>
public sealed record BatchStatus
{
    internal BatchStatus()
    {
    }

    /// <summary>Whether a run is at work.</summary>
    public bool IsRunning { get; internal init; }

    /// <summary>The last run that succeeded; null if none has since the store was opened.</summary>
    public BatchRun? LastRun { get; internal init; }

    /// <summary>When <see cref="LastRun"/> ended.</summary>
    public DateTimeOffset? LastRunAt { get; internal init; }

    /// <summary>The error of the last run that failed, which a later run may have made good; null if none has failed. Runs that were cancelled have not failed.</summary>
    public Exception? LastFailure { get; internal init; }

    /// <summary>When <see cref="LastFailure"/> happened.</summary>
    public DateTimeOffset? LastFailureAt { get; internal init; }

    /// <summary>How many runs have failed since one succeeded.</summary>
    public int ConsecutiveFailures { get; internal init; }

    /// <summary>
    /// When the schedule will look again whether a run is due: at the end of the interval, or when a run that failed is tried again. Null
    /// if that does not depend on time alone, or if the schedule's run is at work.
    /// </summary>
    public DateTimeOffset? NextDue { get; internal init; }

    /// <summary>Whether the schedule has given up, because nothing but opening the store again can help; <see cref="LastFailure"/> says why.</summary>
    public bool IsScheduleStopped { get; internal init; }
}
