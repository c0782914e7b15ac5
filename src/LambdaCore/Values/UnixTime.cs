namespace LambdaCore.Values;

/// <summary>
/// Times as microseconds since the Unix epoch, UTC. Finer parts of a time are cut off, towards the past, at the
/// one moment when a value enters the library, so that every layer sees the same value.
/// </summary>
internal static class UnixTime
{
    /// <summary>Days from 0001-01-01 to 1970-01-01.</summary>
    public const int EpochDays = 719_162;

    private const int GreatestDays = 2_932_896;
    private const long MicrosecondsPerDay = 86_400_000_000;
    private const long LeastMicroseconds = -EpochDays * MicrosecondsPerDay;
    private const long GreatestMicroseconds = ((GreatestDays + 1) * MicrosecondsPerDay) - 1;

    /// <summary>Microseconds since the Unix epoch; 100 ns ticks below a microsecond are cut off.</summary>
    public static long FromDateTimeOffset(DateTimeOffset value) =>
        (value.UtcTicks / TimeSpan.TicksPerMicrosecond) - (DateTime.UnixEpoch.Ticks / TimeSpan.TicksPerMicrosecond);

    /// <summary>The time, with offset zero.</summary>
    /// <exception cref="NoSuchValueException">It lies outside of the years 1 to 9999.</exception>
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
    /// <exception cref="NoSuchValueException">It lies outside of the years 1 to 9999.</exception>
    public static DateTime ToDateTime(long microseconds) => microseconds is >= LeastMicroseconds and <= GreatestMicroseconds
        ? DateTime.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond)
        : throw new NoSuchValueException($"{microseconds} microseconds since 1970 lie outside of the years 1 to 9999.");

    /// <summary>Days since 1970-01-01.</summary>
    public static int FromDateOnly(DateOnly value) => value.DayNumber - EpochDays;

    /// <summary>The date of a number of days since 1970-01-01.</summary>
    /// <exception cref="NoSuchValueException">It lies outside of the years 1 to 9999.</exception>
    public static DateOnly ToDateOnly(int days) => days is >= -EpochDays and <= GreatestDays
        ? DateOnly.FromDayNumber(days + EpochDays)
        : throw new NoSuchValueException($"{days} days since 1970-01-01 lie outside of the years 1 to 9999.");
}
