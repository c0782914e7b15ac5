using System.Globalization;

namespace LambdaCore.Views;

/// <summary>Points on the scale of wall-clock times at which windows begin. Immutable.</summary>
internal abstract record CalendarGrid
{
    /// <summary>A text that determines the grid.</summary>
    public abstract string Text { get; }

    /// <summary>The grid, for people.</summary>
    public abstract string Description { get; }

    /// <summary>Whether the points are at least a day apart.</summary>
    public abstract bool IsOfDays { get; }

    /// <summary>The latest point at or before a wall-clock time.</summary>
    public abstract long Floor(long wall);

    /// <summary>The point after one.</summary>
    public abstract long Next(long point);
}

/// <summary>Points at equal distances.</summary>
internal sealed record EvenGrid : CalendarGrid
{
    private readonly long _size;
    private readonly long _offset;

    /// <summary>Creates a grid.</summary>
    /// <param name="size">The distance: positive, in whole microseconds.</param>
    /// <param name="offset">How long after 0001-01-01T00:00:00 one of the points is.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size or the offset is none of these.</exception>
    public EvenGrid(TimeSpan size, TimeSpan offset)
    {
        _size = TumblingWindows.Microseconds(size);
        _offset = TumblingWindows.OffsetMicroseconds(offset, _size);
    }

    /// <inheritdoc/>
    public override string Text => string.Create(CultureInfo.InvariantCulture, $"{_size} us from {_offset} us");

    /// <inheritdoc/>
    public override string Description => TumblingWindows.Describe(_size, _offset);

    /// <inheritdoc/>
    public override bool IsOfDays => _size >= TimeSpan.TicksPerDay / TimeSpan.TicksPerMicrosecond;

    /// <inheritdoc/>
    public override long Floor(long wall)
    {
        long rest = (wall - WindowAssigner.FirstMoment - _offset) % _size;
        return wall - (rest < 0 ? rest + _size : rest);
    }

    /// <inheritdoc/>
    public override long Next(long point) => point + _size;
}

/// <summary>The first days of months.</summary>
internal sealed record MonthGrid : CalendarGrid
{
    private const long Day = TimeSpan.TicksPerDay / TimeSpan.TicksPerMicrosecond;
    private const int DaysFromYearZeroToEpoch = 719_468; // From 0000-03-01 to 1970-01-01.
    private const int DaysOf400Years = 146_097;

    /// <inheritdoc/>
    public override string Text => "months";

    /// <inheritdoc/>
    public override string Description => "a month";

    /// <inheritdoc/>
    public override bool IsOfDays => true;

    /// <inheritdoc/>
    public override long Floor(long wall)
    {
        long day = Math.DivRem(wall, Day, out long rest) - (rest < 0 ? 1 : 0);
        return (day - DayOfMonth(day)) * Day;
    }

    /// <inheritdoc/>
    public override long Next(long point) => Floor(point + (31 * Day));

    /// <summary>
    /// The day of the month, from 0, of a day since 1970-01-01 in the proleptic Gregorian calendar. Wall clocks may show the years 0 and 10000, which
    /// <see cref="DateTime"/> does not have. Months are counted from March, so that the leap day comes last.
    /// </summary>
    private static int DayOfMonth(long day)
    {
        long shifted = day + DaysFromYearZeroToEpoch;
        long era = Math.DivRem(shifted, DaysOf400Years, out long dayOfEra) - (dayOfEra < 0 ? 1 : 0);
        dayOfEra = shifted - (era * DaysOf400Years);
        long year = (dayOfEra - (dayOfEra / 1460) + (dayOfEra / 36_524) - (dayOfEra / 146_096)) / 365;
        long dayOfYear = dayOfEra - ((365 * year) + (year / 4) - (year / 100));
        long month = ((5 * dayOfYear) + 2) / 153;
        return (int)(dayOfYear - (((153 * month) + 2) / 5));
    }
}
