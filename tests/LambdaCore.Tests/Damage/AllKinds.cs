namespace LambdaCore.Tests.Damage;

/// <summary>An event with a property of each kind that can be stored, or nearly.</summary>
internal sealed record AllKinds(
    DateTimeOffset At, bool Flag, sbyte Tiny, byte Small, short Short, int Int, long Long, ulong Unsigned, float Float, double Double, decimal Amount, string Text, Guid Id, DateTime Utc,
    DateOnly Day, TimeSpan Span, DayOfWeek Choice, byte[] Bytes, int? MaybeInt, string? MaybeText, decimal? MaybeAmount, DateTimeOffset? MaybeAt)
{
    /// <summary>Some event.</summary>
    public static AllKinds Random(Random random, int number) => new(
        DateTimeOffset.UnixEpoch.AddSeconds(random.Next()), number % 2 == 0, (sbyte)number, (byte)number, (short)number, random.Next(), random.NextInt64(), (ulong)number, number / 3f, number / 7.0,
        number / 8m, new string('x', number), Guid.NewGuid(), DateTime.UnixEpoch.AddDays(number), new DateOnly(2026, 1, 1), TimeSpan.FromSeconds(number), (DayOfWeek)(number % 7),
        [1, 2, (byte)number], number % 3 == 0 ? null : number, number % 4 == 0 ? null : "text", number % 5 == 0 ? null : 1.5m, number % 2 == 0 ? null : DateTimeOffset.UnixEpoch);
}
