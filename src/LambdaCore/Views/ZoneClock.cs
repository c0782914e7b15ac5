using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>
/// A time zone's wall clock: for each moment, how far it is ahead of UTC. Moments and wall-clock times are microseconds since the Unix epoch,
/// the latter as if the clock showed UTC. Thread-safe.
/// </summary>
/// <remarks>
/// The rules are the system's (<see cref="TimeZoneInfo"/>), and read year by year, when a year is first asked for. Changes of a clock are found by
/// looking at it four times a day: in the IANA database no two changes of one zone are less than three days apart.
/// </remarks>
internal sealed class ZoneClock
{
    /// <summary>More than any wall clock was ever ahead of UTC or behind.</summary>
    public const long MaxOffset = 24 * Hour;

    private const long Hour = 3_600_000_000;
    private const long ProbeStep = 6 * Hour;
    private const long Lead = 3 * 24 * Hour;
    private const int LastYear = 9999;

    private static readonly ConcurrentDictionary<string, ZoneClock> Clocks = new(StringComparer.Ordinal);

    private readonly TimeZoneInfo _zone;
    private readonly ZoneSpan[]?[] _years = new ZoneSpan[LastYear + 1][];
    private ZoneSpan _last;

    private ZoneClock(TimeZoneInfo zone)
    {
        _zone = zone;
        Rules = HashOf(zone);
        _last = YearOf(1970)[0];
    }

    /// <summary>The zone's name.</summary>
    public string Id => _zone.Id;

    /// <summary>A hash of the zone's rules: equal rules give equal windows.</summary>
    public string Rules { get; }

    /// <summary>The clock of a zone.</summary>
    /// <param name="id">Its IANA name.</param>
    /// <exception cref="ArgumentException">The system does not know the zone.</exception>
    public static ZoneClock Of(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        try
        {
            return Clocks.TryGetValue(id, out ZoneClock? known) ? known : Clocks.GetOrAdd(id, new ZoneClock(TimeZoneInfo.FindSystemTimeZoneById(id)));
        }
        catch (Exception error) when (error is TimeZoneNotFoundException or InvalidTimeZoneException or System.Security.SecurityException)
        {
            throw new ArgumentException(
                $"The system knows no time zone '{id}'. Use an IANA name such as \"Europe/Berlin\" (TimeZoneInfo.GetSystemTimeZones lists them), and install the system's tzdata if it is missing.",
                nameof(id), error);
        }
    }

    /// <summary>The span of time around a moment during which the clock is ahead of UTC by the same.</summary>
    public ZoneSpan At(long time)
    {
        ZoneSpan last = _last;
        return time >= last.Start && time < last.End ? last : _last = Find(time);
    }

    private ZoneSpan Find(long time)
    {
        int year = UnixTime.ToDateTime(Math.Clamp(time, WindowAssigner.FirstMoment, WindowAssigner.LastMoment)).Year;
        ZoneSpan[] spans = YearOf(year);
        int i = spans.Length - 1;
        while (i > 0 && time < spans[i].Start)
        {
            i--;
        }

        return spans[i];
    }

    private ZoneSpan[] YearOf(int year)
    {
        ZoneSpan[]? spans = Volatile.Read(ref _years[year]);
        if (spans is null)
        {
            spans = Read(year);
            Volatile.Write(ref _years[year], spans);
        }

        return spans;
    }

    /// <summary>The spans of a year. The first and the last one are cut at the ends of the year, but for those of the first and the last year.</summary>
    private ZoneSpan[] Read(int year)
    {
        long start = StartOf(year);
        long end = year == LastYear ? WindowAssigner.LastMoment + 1 : StartOf(year + 1);
        List<ZoneSpan> spans = [];

        // The days before tell what the clock has shown already when the year begins.
        long spanStart = Math.Max(start - Lead, WindowAssigner.FirstMoment);
        long offset = OffsetAt(spanStart);
        long shownUntil = long.MinValue / 2;
        for (long probe = spanStart; probe < end;)
        {
            long next = Math.Min(probe + ProbeStep, end);
            if (next == end || OffsetAt(next) != offset)
            {
                long spanEnd = next == end && OffsetAt(end - 1) == offset ? end : ChangeBetween(probe, next, offset);
                AddWithin(start, end, spanStart, spanEnd, offset, ref shownUntil, spans);
                spanStart = spanEnd;
                next = spanEnd;
                offset = spanEnd < end ? OffsetAt(spanEnd) : offset;
            }

            probe = next;
        }

        return [.. spans];

        void AddWithin(long yearStart, long yearEnd, long from, long to, long ahead, ref long shown, List<ZoneSpan> into)
        {
            if (from < yearStart)
            {
                shown = Math.Max(shown, Math.Min(to, yearStart) + ahead);
            }

            if (to > yearStart)
            {
                long first = Math.Max(from, yearStart);
                into.Add(new ZoneSpan(
                    first == WindowAssigner.FirstMoment ? long.MinValue / 2 : first, to > WindowAssigner.LastMoment ? long.MaxValue / 2 : to, ahead, shown));
                shown = Math.Max(shown, to + ahead);
            }
        }
    }

    /// <summary>The first moment after one at which the clock has another offset, by bisection.</summary>
    private long ChangeBetween(long before, long after, long offset)
    {
        while (after - before > 1)
        {
            long middle = before + ((after - before) / 2);
            if (OffsetAt(middle) == offset)
            {
                before = middle;
            }
            else
            {
                after = middle;
            }
        }

        return after;
    }

    private long OffsetAt(long time) => _zone.GetUtcOffset(UnixTime.ToDateTime(time)).Ticks / TimeSpan.TicksPerMicrosecond;

    private static long StartOf(int year) => UnixTime.FromDateTime(new DateTime(year, 1, 1, 0, 0, 0, DateTimeKind.Utc));

    private static string HashOf(TimeZoneInfo zone)
    {
        StringBuilder text = new();
        _ = text.Append(CultureInfo.InvariantCulture, $"{zone.BaseUtcOffset.Ticks}");
        foreach (TimeZoneInfo.AdjustmentRule rule in zone.GetAdjustmentRules())
        {
            _ = text.Append(CultureInfo.InvariantCulture, $"\n{rule.DateStart.Ticks} {rule.DateEnd.Ticks} {rule.BaseUtcOffsetDelta.Ticks} {rule.DaylightDelta.Ticks}");
            foreach (TimeZoneInfo.TransitionTime change in new[] { rule.DaylightTransitionStart, rule.DaylightTransitionEnd })
            {
                _ = text.Append(CultureInfo.InvariantCulture, $" {change.IsFixedDateRule} {change.Month} {change.Week} {(int)change.DayOfWeek} {change.Day} {change.TimeOfDay.Ticks}");
            }
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))[..32];
    }
}

/// <summary>A half-open span of moments during which a wall clock is ahead of UTC by the same.</summary>
/// <param name="Start">Its first moment.</param>
/// <param name="End">The first moment after it.</param>
/// <param name="Offset">How far the clock is ahead, in microseconds.</param>
/// <param name="ShownBefore">The least wall-clock time that the clock had not yet reached when the span began.</param>
internal sealed record ZoneSpan(long Start, long End, long Offset, long ShownBefore);
