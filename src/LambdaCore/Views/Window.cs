using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore;

/// <summary>
/// Windows of event time: each method gives the start of the window that a time lies in. Inside a view's key they become its window column; called
/// directly they build keys to look up, but for <see cref="Session(DateTimeOffset, TimeSpan)"/>. Sizes, offsets, zones and gaps must be known when a view is defined.
/// </summary>
/// <remarks>
/// <para>
/// Times are taken in whole microseconds; results are UTC instants, with offset zero. Without a zone windows are laid out in UTC from
/// 0001-01-01T00:00:00, a Monday.
/// </para>
/// <para>
/// With a zone they are laid out by its wall clock, whatever it was set to at the time: a result is the instant at which the local window begins. Windows of a
/// day or more begin when the clock first shows the date (or any later one), so days of 23 and 25 hours come out right. Shorter windows begin whenever the clock
/// shows a multiple of the size or jumps over one, so an hour that comes twice is two windows. Windows follow each other without gap or overlap. A zone is named as in the
/// IANA database, for instance <c>"Europe/Berlin"</c>; its rules are the system's. When these change, views that use them are computed anew.
/// </para>
/// </remarks>
public static class Window
{
    /// <summary>Microseconds from 0001-01-01 to 1970-01-01, which make every time a positive number.</summary>
    internal const long EpochMicroseconds = 62_135_596_800_000_000;

    private static readonly TimeSpan OneMinute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan OneHour = TimeSpan.FromHours(1);
    private static readonly TimeSpan OneDay = TimeSpan.FromDays(1);
    private static readonly TimeSpan OneWeek = TimeSpan.FromDays(7);

    /// <summary>The start of the minute that a time lies in.</summary>
    /// <param name="time">The time.</param>
    public static DateTimeOffset Minute(DateTimeOffset time) =>
        UnixTime.ToDateTimeOffset(Even(OneMinute, default, null).Start(UnixTime.FromDateTimeOffset(time)));

    /// <summary>The start of the minute that a time lies in.</summary>
    /// <param name="time">The time.</param>
    /// <exception cref="ArgumentException">The time is not marked as UTC.</exception>
    public static DateTime Minute(DateTime time) =>
        UnixTime.ToDateTime(Even(OneMinute, default, null).Start(UnixTime.FromDateTime(time)));

    /// <summary>The start of the hour that a time lies in.</summary>
    /// <param name="time">The time.</param>
    /// <param name="zone">The IANA name of a time zone; null for UTC.</param>
    /// <exception cref="ArgumentException">The system does not know the zone.</exception>
    public static DateTimeOffset Hour(DateTimeOffset time, string? zone = null) =>
        UnixTime.ToDateTimeOffset(Even(OneHour, default, zone).Start(UnixTime.FromDateTimeOffset(time)));

    /// <summary>The start of the hour that a time lies in.</summary>
    /// <param name="time">The time.</param>
    /// <param name="zone">The IANA name of a time zone; null for UTC.</param>
    /// <exception cref="ArgumentException">The time is not marked as UTC, or the system does not know the zone.</exception>
    public static DateTime Hour(DateTime time, string? zone = null) =>
        UnixTime.ToDateTime(Even(OneHour, default, zone).Start(UnixTime.FromDateTime(time)));

    /// <summary>The start of the day that a time lies in.</summary>
    /// <param name="time">The time.</param>
    /// <param name="zone">The IANA name of a time zone; null for UTC.</param>
    /// <exception cref="ArgumentException">The system does not know the zone.</exception>
    public static DateTimeOffset Day(DateTimeOffset time, string? zone = null) =>
        UnixTime.ToDateTimeOffset(Even(OneDay, default, zone).Start(UnixTime.FromDateTimeOffset(time)));

    /// <summary>The start of the day that a time lies in.</summary>
    /// <param name="time">The time.</param>
    /// <param name="zone">The IANA name of a time zone; null for UTC.</param>
    /// <exception cref="ArgumentException">The time is not marked as UTC, or the system does not know the zone.</exception>
    public static DateTime Day(DateTime time, string? zone = null) =>
        UnixTime.ToDateTime(Even(OneDay, default, zone).Start(UnixTime.FromDateTime(time)));

    /// <summary>The start of the week that a time lies in.</summary>
    /// <param name="time">The time.</param>
    /// <param name="zone">The IANA name of a time zone; null for UTC.</param>
    /// <param name="firstDay">The day with which weeks begin.</param>
    /// <exception cref="ArgumentException">The system does not know the zone.</exception>
    public static DateTimeOffset Week(DateTimeOffset time, string? zone = null, DayOfWeek firstDay = DayOfWeek.Monday) =>
        UnixTime.ToDateTimeOffset(Weeks(zone, firstDay).Start(UnixTime.FromDateTimeOffset(time)));

    /// <summary>The start of the week that a time lies in.</summary>
    /// <param name="time">The time.</param>
    /// <param name="zone">The IANA name of a time zone; null for UTC.</param>
    /// <param name="firstDay">The day with which weeks begin.</param>
    /// <exception cref="ArgumentException">The time is not marked as UTC, or the system does not know the zone.</exception>
    public static DateTime Week(DateTime time, string? zone = null, DayOfWeek firstDay = DayOfWeek.Monday) =>
        UnixTime.ToDateTime(Weeks(zone, firstDay).Start(UnixTime.FromDateTime(time)));

    /// <summary>The start of the month that a time lies in.</summary>
    /// <param name="time">The time.</param>
    /// <param name="zone">The IANA name of a time zone; null for UTC.</param>
    /// <exception cref="ArgumentException">The system does not know the zone.</exception>
    public static DateTimeOffset Month(DateTimeOffset time, string? zone = null) =>
        UnixTime.ToDateTimeOffset(Months(zone).Start(UnixTime.FromDateTimeOffset(time)));

    /// <summary>The start of the month that a time lies in.</summary>
    /// <param name="time">The time.</param>
    /// <param name="zone">The IANA name of a time zone; null for UTC.</param>
    /// <exception cref="ArgumentException">The time is not marked as UTC, or the system does not know the zone.</exception>
    public static DateTime Month(DateTime time, string? zone = null) =>
        UnixTime.ToDateTime(Months(zone).Start(UnixTime.FromDateTime(time)));

    /// <summary>The start of the window that a time lies in.</summary>
    /// <param name="time">The time.</param>
    /// <param name="size">The length of the windows: positive, in whole microseconds.</param>
    /// <param name="offset">How long after 0001-01-01T00:00:00 one of the windows begins; with one-day windows, the time of day at which they begin.</param>
    /// <param name="zone">The IANA name of a time zone; null for UTC.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is not positive or no whole number of microseconds, or the offset is none.</exception>
    /// <exception cref="ArgumentException">The system does not know the zone.</exception>
    public static DateTimeOffset Of(DateTimeOffset time, TimeSpan size, TimeSpan offset = default, string? zone = null) =>
        UnixTime.ToDateTimeOffset(Even(size, offset, zone).Start(UnixTime.FromDateTimeOffset(time)));

    /// <summary>The start of the window that a time lies in.</summary>
    /// <param name="time">The time.</param>
    /// <param name="size">The length of the windows: positive, in whole microseconds.</param>
    /// <param name="offset">How long after 0001-01-01T00:00:00 one of the windows begins; with one-day windows, the time of day at which they begin.</param>
    /// <param name="zone">The IANA name of a time zone; null for UTC.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is not positive or no whole number of microseconds, or the offset is none.</exception>
    /// <exception cref="ArgumentException">The time is not marked as UTC, or the system does not know the zone.</exception>
    public static DateTime Of(DateTime time, TimeSpan size, TimeSpan offset = default, string? zone = null) =>
        UnixTime.ToDateTime(Even(size, offset, zone).Start(UnixTime.FromDateTime(time)));

    /// <summary>
    /// The start of the session that an event lies in: only as a whole column of a view's key, and no other window beside it. The events that
    /// share the key's other columns form sessions: a new one begins where the time since the event before is at least the gap.
    /// </summary>
    /// <remarks>
    /// A late event may begin a session earlier than it began before, or join two: which rows there are and what their keys are may change with
    /// every event. The end of a session is asked for like anything else: <c>g.Max(e => e.Timestamp)</c>.
    /// </remarks>
    /// <param name="time">When the event happened; never missing.</param>
    /// <param name="gap">
    /// How long nothing happens before the next event begins another session: positive, in whole microseconds, known when the view is defined. Events
    /// that are exactly the gap apart are in two sessions.
    /// </param>
    /// <exception cref="InvalidOperationException">Always: a time alone says nothing about the session that it lies in.</exception>
    public static DateTimeOffset Session(DateTimeOffset time, TimeSpan gap) => throw NoSession();

    /// <inheritdoc cref="Session(DateTimeOffset, TimeSpan)"/>
    public static DateTime Session(DateTime time, TimeSpan gap) => throw NoSession();

    /// <summary>In a view's key: the start of each of the overlapping windows that a time lies in, so that an event counts for several keys. Called directly: the start of the latest of them.</summary>
    /// <param name="time">The time.</param>
    /// <param name="size">The length of the windows: positive, in whole microseconds.</param>
    /// <param name="hop">The distance from one start to the next: positive, in whole microseconds, at most <paramref name="size"/> and at least a 1024th of it.</param>
    /// <param name="offset">How long after 0001-01-01T00:00:00 one of the windows begins.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of the durations is out of its range.</exception>
    public static DateTimeOffset Hopping(DateTimeOffset time, TimeSpan size, TimeSpan hop, TimeSpan offset = default) =>
        UnixTime.ToDateTimeOffset(new HoppingWindows(size, hop, offset).Start(UnixTime.FromDateTimeOffset(time)));

    /// <summary>In a view's key: the start of each of the overlapping windows that a time lies in, so that an event counts for several keys. Called directly: the start of the latest of them.</summary>
    /// <param name="time">The time.</param>
    /// <param name="size">The length of the windows: positive, in whole microseconds.</param>
    /// <param name="hop">The distance from one start to the next: positive, in whole microseconds, at most <paramref name="size"/> and at least a 1024th of it.</param>
    /// <param name="offset">How long after 0001-01-01T00:00:00 one of the windows begins.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of the durations is out of its range.</exception>
    /// <exception cref="ArgumentException">The time is not marked as UTC.</exception>
    public static DateTime Hopping(DateTime time, TimeSpan size, TimeSpan hop, TimeSpan offset = default) =>
        UnixTime.ToDateTime(new HoppingWindows(size, hop, offset).Start(UnixTime.FromDateTime(time)));

    internal static WindowAssigner Even(TimeSpan size, TimeSpan offset, string? zone) =>
        zone is null ? new TumblingWindows(size, offset) : new ZonedWindows(new EvenGrid(size, offset), ZoneClock.Of(zone));

    internal static WindowAssigner Weeks(string? zone, DayOfWeek firstDay) => firstDay is >= DayOfWeek.Sunday and <= DayOfWeek.Saturday
        ? Even(OneWeek, OneDay * (firstDay - DayOfWeek.Monday), zone)
        : throw new ArgumentOutOfRangeException(nameof(firstDay), firstDay, "A week begins with one of its seven days.");

    internal static WindowAssigner Months(string? zone) => new ZonedWindows(new MonthGrid(), ZoneClock.Of(zone ?? "UTC"));

    private static InvalidOperationException NoSession() => new(
        "Window.Session(...) only stands for the start of a session inside a view's key. Where a session begins depends on the other events; query the view for it, for instance with Between.");
}
