using System.Globalization;
using LambdaCore.Serving;

namespace LambdaCore;

/// <summary>
/// How the batch layers and the speed layer become one answer. Chosen per view (<see cref="LambdaStoreOptions{TEvent}.AddView"/>) and per
/// question (<see cref="ViewQuery{TKey, TResult}.Reconcile"/>); without a choice it is <see cref="Merge"/>.
/// </summary>
/// <remarks>
/// <para>
/// The batch layers hold the events [0,S), the speed layer [S,P), where S is <see cref="Receipt.BatchEnd"/> and P is
/// <see cref="Receipt.Position"/>. A row has two values: the <em>batch value</em>, the fold of [0,S), and the <em>real-time value</em>, the fold of
/// [0,P). The real-time value is the merge of both layers, since the speed layer alone lacks what came before S.
/// </para>
/// <para>
/// Which value counts is decided by event time: the <em>batch watermark</em> is the event-time watermark as of S, and a window is closed when it
/// ends at or before the batch watermark. The watermark as of P would not do: while the batch layer pauses it goes on, and
/// would declare windows closed of which the batch holds a half. A session is a window too: the one of both layers together decides, so a late event that
/// makes it reach beyond the batch watermark opens it again. <see cref="Consistency.AtLeast"/> outranks all of this: where the batch
/// layers end before the position asked for, every row has its real-time value.
/// </para>
/// Immutable; compared by value.
/// </remarks>
public sealed record Reconciliation
{
    private Reconciliation(ReconciliationMode mode, TimeSpan duration = default) => (Mode, Duration) = (mode, duration);

    /// <summary>The real-time value throughout. Exact for [0,P): no event is missing, none counts twice. The default.</summary>
    public static Reconciliation Merge { get; } = new(ReconciliationMode.Merge);

    /// <summary>
    /// The batch value for closed windows, the real-time value for all others. So a closed window stays as it is until the next batch run, whatever
    /// comes late; a key of it that only late events have is not there before. For reports that must not change between two batch runs.
    /// </summary>
    /// <remarks>
    /// A view whose key has no window of event time has no closed windows: it answers as with <see cref="Merge"/>. In the place of a closed session stand the
    /// sessions that the batch has there, which late events may since have joined into one.
    /// </remarks>
    public static Reconciliation Replace { get; } = new(ReconciliationMode.Replace);

    internal ReconciliationMode Mode { get; }

    /// <summary>The age of <see cref="Fallback"/> or the horizon of <see cref="Hybrid"/>.</summary>
    internal TimeSpan Duration { get; }

    /// <summary>
    /// The batch value throughout, which leaves the speed layer unread, as long as the batch layers can be relied on; otherwise the
    /// real-time value throughout. They can be relied on if there are any, the last batch run did not fail, and they are not too old. For
    /// dashboards that prefer a settled figure, and a fresh one over none.
    /// </summary>
    /// <param name="maxAge">
    /// The age from which on the batch layers are too old: the time since they were computed, unless there is no event yet that they
    /// lack. Not negative.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The age is negative.</exception>
    public static Reconciliation Fallback(TimeSpan maxAge)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxAge, TimeSpan.Zero);
        return new Reconciliation(ReconciliationMode.Fallback, maxAge);
    }

    /// <summary>
    /// A weighted mean of both values, which moves from the real-time value to the batch value as a window ages. For phasing in a batch layer
    /// whose values differ by intent, as those of a new or an approximate definition do, without a jump where a window closes.
    /// </summary>
    /// <remarks>
    /// <para>
    /// The weight of the batch value is <c>clamp((batch watermark - end of the window) / horizon, 0, 1)</c>. Where it is strictly between, each number of the
    /// result is <c>(1 - weight) * real-time + weight * batch</c>: whole numbers exactly and then rounded half to even, decimals in decimal, the others in
    /// double. What is no number (text, times, enums, collections), and a number that is missing, NaN or infinite on either side, is the real-time one.
    /// Properties that results compute by themselves are computed from the blended ones.
    /// </para>
    /// A key that one side alone has, has that side's value; a session that does not begin at the same time on both sides has its real-time value. A view whose key has
    /// no window of event time answers as with <see cref="Merge"/>. Blended rows are the fold of no range of the log, so do not use them where figures must add up.
    /// </remarks>
    /// <param name="horizon">The time from a window's end to the full weight of the batch. Positive.</param>
    /// <exception cref="ArgumentOutOfRangeException">The horizon is not positive.</exception>
    public static Reconciliation Hybrid(TimeSpan horizon)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(horizon, TimeSpan.Zero);
        return new Reconciliation(ReconciliationMode.Hybrid, horizon);
    }

    /// <summary>The name, with the duration if there is one: <c>Fallback(01:00:00)</c>.</summary>
    public override string ToString() =>
        Mode is ReconciliationMode.Fallback or ReconciliationMode.Hybrid ? $"{Mode}({Duration.ToString("c", CultureInfo.InvariantCulture)})" : $"{Mode}";
}
