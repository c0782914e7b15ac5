namespace LambdaCore.Views;

/// <summary>
/// Windows that are laid out by the wall clock of a time zone.
/// </summary>
/// <remarks>
/// Windows of less than a day begin whenever the clock shows a point of the grid, or jumps forward over one; so an hour that the clock
/// shows twice is two windows, and one that it skips is none. Windows of a day or more begin when the clock shows a point of the grid, or a later time,
/// for the first time; so a day lasts 23 or 25 hours when its clock is changed, also by a change at or around midnight, and a day that is skipped has no window.
/// Either way the windows follow each other without gap or overlap.
/// </remarks>
internal sealed record ZonedWindows(CalendarGrid Grid, ZoneClock Clock) : WindowAssigner
{
    /// <inheritdoc/>
    public override string Text => $"tumbling {Grid.Text} in {Clock.Id} by rules {Clock.Rules}";

    /// <inheritdoc/>
    public override string Description => $"{Grid.Description} in {Clock.Id}";

    /// <inheritdoc/>
    public override long Start(long time) => Math.Max(Grid.IsOfDays ? FirstShown(time) : LastShown(time), FirstMoment);

    /// <inheritdoc/>
    public override long End(long start)
    {
        long time = start;
        while (true)
        {
            ZoneSpan span = Clock.At(time);
            long next = Math.Min(Grid.Next(Grid.Floor(time + span.Offset)) - span.Offset, span.End);
            if (Start(next) == next)
            {
                return next;
            }

            time = next;
        }
    }

    /// <summary>The latest moment, at or before a time, at which the clock showed a point of the grid or jumped over one.</summary>
    private long LastShown(long time)
    {
        ZoneSpan span = Clock.At(time);
        while (true)
        {
            long point = Grid.Floor(time + span.Offset);
            long start = point - span.Offset;
            if (start >= span.Start)
            {
                return start;
            }

            time = span.Start - 1;
            ZoneSpan before = Clock.At(time);
            if (Grid.Floor(span.Start + span.Offset) > Grid.Floor(time + before.Offset))
            {
                return span.Start;
            }

            span = before;
        }
    }

    /// <summary>The first moment at which the clock had reached the last point of the grid that it reached up to a time.</summary>
    private long FirstShown(long time)
    {
        ZoneSpan span = Clock.At(time);
        long point = Grid.Floor(Math.Max(time + span.Offset, span.ShownBefore - 1));
        if (point >= span.ShownBefore)
        {
            return Math.Max(point - span.Offset, span.Start);
        }

        for (span = Clock.At(point - ZoneClock.MaxOffset); ; span = Clock.At(span.End))
        {
            long start = Math.Max(point - span.Offset, span.Start);
            if (start < span.End)
            {
                return start;
            }
        }
    }
}
