using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>
/// Says which windows of time an event lies in: what a key column that is a window was defined by. Times, starts and ends are microseconds
/// since the Unix epoch, UTC; a window is half-open. Immutable and thread-safe.
/// </summary>
/// <remarks>
/// For all times: <c>Start(t) &lt;= t &lt; End(Start(t))</c>, <c>Start(Start(t)) == Start(t)</c>, and <see cref="Start"/> and <see cref="End"/> never
/// decrease. No window starts before the year 1: one that would starts there.
/// </remarks>
internal abstract record WindowAssigner
{
    /// <summary>The first moment that can be stored: 0001-01-01T00:00:00Z.</summary>
    public const long FirstMoment = -Window.EpochMicroseconds;

    /// <summary>The last moment that can be stored: the last microsecond of the year 9999.</summary>
    public const long LastMoment = 253_402_300_800_000_000 - 1;

    /// <summary>A text that determines the windows and nothing else, as part of a plan's fingerprint.</summary>
    public abstract string Text { get; }

    /// <summary>The windows, for people: what follows "windows of".</summary>
    public abstract string Description { get; }

    /// <summary>The start of the latest window that contains a time.</summary>
    public abstract long Start(long time);

    /// <summary>The first time after the window that begins at a start.</summary>
    public abstract long End(long start);

    /// <summary>The start of the earliest window that contains a time.</summary>
    public virtual long FirstStart(long time) => Start(time);

    /// <summary>The start of the window that follows the one with a start.</summary>
    public virtual long Next(long start) => End(start);

    /// <summary>The half-open range in which the windows start that share a moment with a half-open range of time.</summary>
    public (long Start, long End) Starts(long from, long to) => from < to ? (FirstStart(from), to) : (to, to);

    /// <inheritdoc/>
    public sealed override string ToString() => Text;
}
