namespace LambdaCore.Values;

/// <summary>
/// What the times of the events before a position of the log came to: its watermark, and how many events were late, and what became of
/// them. Kept per group and per segment, and added up. Begin with <see cref="None"/>, not with the default value.
/// </summary>
/// <param name="Watermark">The watermark, in microseconds since the Unix epoch; <see cref="long.MinValue"/> before the first event that moves it.</param>
/// <param name="HighestTime">The highest event time that was not held back, in microseconds since the Unix epoch; <see cref="long.MinValue"/> for none.</param>
/// <param name="Late">Events before the watermark as of just before them.</param>
/// <param name="TooLate">Those of them that lay further back than the grace period.</param>
/// <param name="BatchOnly">Those too late of which only batch views know.</param>
/// <param name="Rejected">Those too late that count nowhere.</param>
/// <param name="HeldBack">Events that lay further ahead of their ingestion than the future bound.</param>
/// <param name="Amending">Events that amend others; each waited for a batch run, or waits.</param>
internal readonly record struct EventTimeTally(
    long Watermark, long HighestTime, long Late, long TooLate, long BatchOnly, long Rejected, long HeldBack, long Amending = 0)
{
    /// <summary>Before the first event.</summary>
    public static EventTimeTally None { get; } = new(long.MinValue, long.MinValue, 0, 0, 0, 0, 0);

    /// <summary>Late events that every layer counts.</summary>
    public long LateAndCounted => Late - BatchOnly - Rejected;

    /// <summary>With what the events that follow came to.</summary>
    public EventTimeTally Plus(in EventTimeTally next) => new(
        Math.Max(Watermark, next.Watermark),
        Math.Max(HighestTime, next.HighestTime),
        Late + next.Late,
        TooLate + next.TooLate,
        BatchOnly + next.BatchOnly,
        Rejected + next.Rejected,
        HeldBack + next.HeldBack,
        Amending + next.Amending);
}
