using System.Globalization;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>Windows of one length in UTC, each beginning where the one before ends.</summary>
internal sealed record TumblingWindows : WindowAssigner
{
    /// <summary>Creates windows.</summary>
    /// <param name="size">Their length: positive, in whole microseconds.</param>
    /// <param name="offset">How long after 0001-01-01T00:00:00 one of them begins: in whole microseconds; negative and longer than a window are allowed.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size or the offset is none of these.</exception>
    public TumblingWindows(TimeSpan size, TimeSpan offset = default)
    {
        Size = Microseconds(size);
        Offset = OffsetMicroseconds(offset, Size);
        Origin = FirstMoment - (Offset == 0 ? 0 : Size - Offset);
    }

    /// <summary>The length of a window, in microseconds.</summary>
    public long Size { get; }

    /// <summary>How long after 0001-01-01T00:00:00 one of them begins, in microseconds: less than <see cref="Size"/>.</summary>
    public long Offset { get; }

    /// <summary>Where the first window would begin if there were time before the year 1: at the first moment, or before it by less than a window.</summary>
    public long Origin { get; }

    /// <inheritdoc/>
    public override string Text => string.Create(CultureInfo.InvariantCulture, $"tumbling {Size} us from {Offset} us");

    /// <inheritdoc/>
    public override string Description => Describe(Size, Offset);

    /// <inheritdoc/>
    public override long Start(long time) => Math.Max(UncutStart(time), FirstMoment);

    /// <inheritdoc/>
    public override long End(long start) => UncutStart(start) + Size;

    /// <summary>The start of the latest window that contains a time, as if there were time before the year 1.</summary>
    public long UncutStart(long time) => time - ((time - Origin) % Size);

    /// <summary>Whether each of the windows lies in one of others of one length.</summary>
    public bool FitsInto(WindowAssigner others) => others is TumblingWindows { Size: var size, Offset: var offset } && size % Size == 0 && (offset - Offset) % Size == 0;

    /// <summary>The start of the latest window that contains a time, in SQL.</summary>
    public SqlText Start(SqlText time)
    {
        string floor = string.Create(CultureInfo.InvariantCulture, $"{time} - ({time} + {-Origin}) % {Size}");

        // Not greatest(), which takes no notice of a NULL.
        return Offset == 0
            ? SqlText.Infix(floor)
            : SqlText.Atom(string.Create(CultureInfo.InvariantCulture, $"CASE WHEN {floor} < {FirstMoment} THEN {FirstMoment} ELSE {floor} END"));
    }

    /// <summary>Windows of a length and an offset, for people.</summary>
    public static string Describe(long size, long offset) =>
        $"{TimeSpan.FromMicroseconds(size):c}{(offset == 0 ? "" : $" from {TimeSpan.FromMicroseconds(offset):c}")}";

    /// <summary>A length of windows in microseconds.</summary>
    public static long Microseconds(TimeSpan size) =>
        size > TimeSpan.Zero && size.Ticks % TimeSpan.TicksPerMicrosecond == 0
            ? size.Ticks / TimeSpan.TicksPerMicrosecond
            : throw new ArgumentOutOfRangeException(nameof(size), size, "A window's size must be positive and a whole number of microseconds.");

    /// <summary>An offset in microseconds, from zero to less than a window.</summary>
    public static long OffsetMicroseconds(TimeSpan offset, long size)
    {
        if (offset.Ticks % TimeSpan.TicksPerMicrosecond != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(offset), offset, "The offset of windows must be a whole number of microseconds.");
        }

        long rest = offset.Ticks / TimeSpan.TicksPerMicrosecond % size;
        return rest < 0 ? rest + size : rest;
    }
}
