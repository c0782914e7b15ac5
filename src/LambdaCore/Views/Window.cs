using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore;

/// <summary>
/// Tumbling windows of event time: each method gives the start of the window that a time lies in. Inside a
/// view's key they become its window column; called directly they build keys to look up.
/// </summary>
/// <remarks>
/// Windows are laid out in UTC from 0001-01-01T00:00:00, a Monday: minutes, hours and days are the calendar's, and windows of
/// seven days are ISO weeks. Times are taken in whole microseconds; results have offset zero.
/// </remarks>
public static class Window
{
    /// <summary>Microseconds from 0001-01-01 to 1970-01-01, which make every time a positive number.</summary>
    internal const long EpochMicroseconds = 62_135_596_800_000_000;

    /// <summary>The start of the minute that a time lies in.</summary>
    public static DateTimeOffset Minute(DateTimeOffset time) => Of(time, TimeSpan.FromMinutes(1));

    /// <summary>The start of the minute that a time lies in.</summary>
    /// <exception cref="ArgumentException">The time is not marked as UTC.</exception>
    public static DateTime Minute(DateTime time) => Of(time, TimeSpan.FromMinutes(1));

    /// <summary>The start of the hour that a time lies in.</summary>
    public static DateTimeOffset Hour(DateTimeOffset time) => Of(time, TimeSpan.FromHours(1));

    /// <summary>The start of the hour that a time lies in.</summary>
    /// <exception cref="ArgumentException">The time is not marked as UTC.</exception>
    public static DateTime Hour(DateTime time) => Of(time, TimeSpan.FromHours(1));

    /// <summary>The start of the UTC day that a time lies in.</summary>
    public static DateTimeOffset Day(DateTimeOffset time) => Of(time, TimeSpan.FromDays(1));

    /// <summary>The start of the UTC day that a time lies in.</summary>
    /// <exception cref="ArgumentException">The time is not marked as UTC.</exception>
    public static DateTime Day(DateTime time) => Of(time, TimeSpan.FromDays(1));

    /// <summary>The start of the window that a time lies in.</summary>
    /// <param name="time">The time.</param>
    /// <param name="size">The length of the windows: positive, in whole microseconds.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is not positive or no whole number of microseconds.</exception>
    public static DateTimeOffset Of(DateTimeOffset time, TimeSpan size) =>
        UnixTime.ToDateTimeOffset(Floor(UnixTime.FromDateTimeOffset(time), TumblingWindows.Microseconds(size)));

    /// <summary>The start of the window that a time lies in.</summary>
    /// <param name="time">The time.</param>
    /// <param name="size">The length of the windows: positive, in whole microseconds.</param>
    /// <exception cref="ArgumentException">The time is not marked as UTC, or the size is not positive or no whole number of microseconds.</exception>
    public static DateTime Of(DateTime time, TimeSpan size) =>
        UnixTime.ToDateTime(Floor(UnixTime.FromDateTime(time), TumblingWindows.Microseconds(size)));

    private static long Floor(long time, long size) => time - ((time + EpochMicroseconds) % size);
}
