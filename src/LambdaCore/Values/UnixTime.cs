namespace LambdaCore.Values;

/// <summary>
/// Times as microseconds since the Unix epoch, UTC. Finer parts of a time are cut off, towards the past, at the
/// one moment when a value enters the library, so that every layer sees the same value.
/// </summary>
internal static class UnixTime
{
    /// <summary>Days from 0001-01-01 to 1970-01-01.</summary>
    public const int EpochDays = 719_162;

    /// <summary>Microseconds since the Unix epoch; 100 ns ticks below a microsecond are cut off.</summary>
    public static long FromDateTimeOffset(DateTimeOffset value) =>
        (value.UtcTicks / TimeSpan.TicksPerMicrosecond) - (DateTime.UnixEpoch.Ticks / TimeSpan.TicksPerMicrosecond);

    /// <summary>The time, with offset zero.</summary>
    public static DateTimeOffset ToDateTimeOffset(long microseconds) => new(ToDateTime(microseconds));

    /// <summary>Microseconds since the Unix epoch; 100 ns ticks below a microsecond are cut off.</summary>
    /// <exception cref="ArgumentException">The value is not marked as UTC.</exception>
    public static long FromDateTime(DateTime value) =>
        value.Kind == DateTimeKind.Utc
            ? (value.Ticks / TimeSpan.TicksPerMicrosecond) - (DateTime.UnixEpoch.Ticks / TimeSpan.TicksPerMicrosecond)
            : throw new ArgumentException(
                $"The DateTime {value:O} has kind {value.Kind}; only UTC is accepted, since anything else means another moment on another machine. Use DateTime.SpecifyKind, ToUniversalTime, or a DateTimeOffset property.",
                nameof(value));

    /// <summary>The time, marked as UTC.</summary>
    public static DateTime ToDateTime(long microseconds) => DateTime.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);

    /// <summary>Days since 1970-01-01.</summary>
    public static int FromDateOnly(DateOnly value) => value.DayNumber - EpochDays;

    /// <summary>The date of a number of days since 1970-01-01.</summary>
    public static DateOnly ToDateOnly(int days) => DateOnly.FromDayNumber(days + EpochDays);
}
