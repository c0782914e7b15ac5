using LambdaCore.Values;

namespace LambdaCore.Tests.Views;

/// <summary>
/// The windows of a time zone by walking through time minute by minute and looking at the wall clock, as its <see cref="TimeZoneInfo"/> has it. Shares no code
/// with the library.
/// </summary>
/// <param name="zone">The zone.</param>
/// <param name="floor">The start of the window that a wall-clock time is in, as the calendar has it.</param>
/// <param name="isOfDays">Whether windows are at least a day long.</param>
internal sealed class NaiveWindows(TimeZoneInfo zone, Func<DateTime, DateTime> floor, bool isOfDays)
{
    /// <summary>The starts of all windows after a moment and up to another, both whole minutes.</summary>
    public List<DateTime> Starts(DateTime after, DateTime until)
    {
        List<DateTime> starts = [];

        // What was shown in the days before counts, since windows of days begin once only.
        DateTime begin = after - TimeSpan.FromDays(3);
        DateTime latest = floor(Wall(begin));
        DateTime before = latest;
        for (DateTime minute = begin; minute < until;)
        {
            DateTime next = minute + TimeSpan.FromMinutes(1);
            if (!IsEventful(minute, next, latest))
            {
                minute = next;
                before = floor(Wall(minute));
                latest = before > latest ? before : latest;
                continue;
            }

            for (DateTime second = minute + TimeSpan.FromSeconds(1); second <= next; second += TimeSpan.FromSeconds(1))
            {
                DateTime wall = Wall(second);
                DateTime window = floor(wall);
                bool begins = isOfDays ? window > latest : window == wall || window > before;
                if (begins && second > after && second <= until)
                {
                    starts.Add(second);
                }

                before = window;
                latest = window > latest ? window : latest;
            }

            minute = next;
        }

        return starts;
    }

    private bool IsEventful(DateTime minute, DateTime next, DateTime latest)
    {
        DateTime wall = Wall(next);
        return wall - Wall(minute) != TimeSpan.FromMinutes(1) || (isOfDays ? floor(wall) > latest : floor(wall) == wall || floor(wall) != floor(Wall(minute)));
    }

    private DateTime Wall(DateTime utc) => DateTime.SpecifyKind(utc, DateTimeKind.Unspecified) + zone.GetUtcOffset(DateTime.SpecifyKind(utc, DateTimeKind.Utc));
}
