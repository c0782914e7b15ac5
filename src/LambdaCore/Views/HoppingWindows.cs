using System.Globalization;

namespace LambdaCore.Views;

/// <summary>Windows of one length in UTC that begin at equal distances, so that they overlap and a time lies in several.</summary>
internal sealed record HoppingWindows : WindowAssigner
{
    /// <summary>The most windows that one time may lie in, since each costs a key.</summary>
    public const int MaxWindows = 1024;

    private readonly TumblingWindows _starts;

    /// <summary>Creates windows.</summary>
    /// <param name="size">Their length: positive, in whole microseconds.</param>
    /// <param name="hop">The distance from start to start: positive, in whole microseconds, at most the length and at least a 1024th of it.</param>
    /// <param name="offset">How long after 0001-01-01T00:00:00 one of them begins.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of them is none of these.</exception>
    public HoppingWindows(TimeSpan size, TimeSpan hop, TimeSpan offset = default)
    {
        Size = TumblingWindows.Microseconds(size);
        _starts = new TumblingWindows(hop, offset);
        if (Hop > Size)
        {
            throw new ArgumentOutOfRangeException(
                nameof(hop), hop, $"Windows of {size:c} that begin every {hop:c} leave gaps, and events in them would not count. Use a hop of at most the size; to count some of the time only, use Where.");
        }

        if ((Size - 1) / Hop >= MaxWindows)
        {
            throw new ArgumentOutOfRangeException(
                nameof(hop), hop, $"Windows of {size:c} that begin every {hop:c} count each event {((Size - 1) / Hop) + 1} times; at most {MaxWindows} are allowed. Use a longer hop, or shorter windows.");
        }
    }

    /// <summary>The length of a window, in microseconds.</summary>
    public long Size { get; }

    /// <summary>The distance from start to start, in microseconds.</summary>
    public long Hop => _starts.Size;

    /// <inheritdoc/>
    public override string Text => string.Create(CultureInfo.InvariantCulture, $"hopping {Size} us every {_starts.Text}");

    /// <inheritdoc/>
    public override string Description => $"{TimeSpan.FromMicroseconds(Size):c} every {_starts.Description}";

    /// <inheritdoc/>
    public override long Start(long time) => _starts.Start(time);

    /// <inheritdoc/>
    public override long FirstStart(long time)
    {
        long latest = _starts.UncutStart(time);
        return Math.Max(latest - ((Size - 1 - (time - latest)) / Hop * Hop), FirstMoment);
    }

    /// <inheritdoc/>
    public override long Next(long start) => _starts.End(start);

    /// <inheritdoc/>
    public override long End(long start) => _starts.UncutStart(start) + Size;

    /// <summary>The start of the latest window that contains a time, in SQL.</summary>
    public SqlText Start(SqlText time) => _starts.Start(time);

    /// <summary>A list of the starts of all windows that contain a time, in SQL; of a missing time it is a list of one missing start.</summary>
    public string Starts(SqlText time)
    {
        string rest = string.Create(CultureInfo.InvariantCulture, $"(({time} + {-_starts.Origin}) % {Hop})");
        string first = string.Create(CultureInfo.InvariantCulture, $"{time} - {rest} - ({Size - 1} - {rest}) // {Hop} * {Hop}");
        string afterLast = $"{time} - {rest} + 1";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"CASE WHEN {time} IS NULL THEN [CAST(NULL AS BIGINT)] WHEN {first} < {FirstMoment} THEN list_concat([CAST({FirstMoment} AS BIGINT)], range({_starts.Origin + Hop}, {afterLast}, {Hop})) ELSE range({first}, {afterLast}, {Hop}) END");
    }
}
