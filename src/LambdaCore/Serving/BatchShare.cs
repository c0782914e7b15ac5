using LambdaCore.Values;

namespace LambdaCore.Serving;

/// <summary>The weight of the batch value in a row, from 0 to 1, as an exact fraction. The default value has no meaning.</summary>
/// <param name="Part">From zero to <paramref name="Whole"/>.</param>
/// <param name="Whole">Positive; at most 2^63.</param>
internal readonly record struct BatchShare(long Part, long Whole)
{
    /// <summary>The real-time value.</summary>
    public static BatchShare None => new(0, 1);

    /// <summary>The batch value.</summary>
    public static BatchShare All => new(1, 1);

    /// <summary>Whether it is the real-time value.</summary>
    public bool IsNone => Part == 0;

    /// <summary>Whether it is the batch value.</summary>
    public bool IsAll => Part == Whole;

    /// <summary>The weight of a window that ended some time ago: zero if it has not ended, one from the horizon on.</summary>
    /// <param name="end">When the window ends, in microseconds since the Unix epoch.</param>
    /// <param name="watermark">The time now, in the same unit; <see cref="long.MinValue"/> for none.</param>
    /// <param name="horizon">Positive.</param>
    public static BatchShare OfAge(long end, long watermark, TimeSpan horizon)
    {
        if (watermark <= end)
        {
            return None;
        }

        // All times of .NET lie within 10,000 years, which are less than 2^63 ticks.
        long age = (watermark - end) * TimeSpan.TicksPerMicrosecond;
        return age >= horizon.Ticks ? All : new BatchShare(age, horizon.Ticks);
    }

    /// <summary>The weight as a floating-point number.</summary>
    public double ToDouble() => (double)Part / Whole;
}
