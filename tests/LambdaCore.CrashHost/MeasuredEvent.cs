namespace LambdaCore.CrashHost;

/// <summary>An event with columns of each physical type of Parquet: few distinct texts and many, present and missing values.</summary>
public sealed record MeasuredEvent(
    DateTimeOffset At, long Number, string Sensor, string? Note, int Value, double Real, float? Small, decimal Amount, Guid Id, byte[] Raw, bool Flag, DateOnly Day, TimeSpan? Span, DayOfWeek Choice)
{
    /// <summary>The event of a number. Each eleventh is much too late.</summary>
    public static MeasuredEvent Of(int number) => new(
        DateTimeOffset.UnixEpoch.AddMinutes((number * 3) - (number % 11 == 10 ? 3000 : 0)), number, $"sensor {number % 4}", number % 3 == 0 ? null : $"note {new string('n', number % 40)}", number * 31 % 101,
        number / 7.0, number % 5 == 0 ? null : number / 3f, number / 8m, new Guid(number, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10), [1, (byte)number, 3], number % 2 == 0, new DateOnly(2026, 1, 1 + (number % 28)),
        number % 4 == 0 ? null : TimeSpan.FromSeconds(number), (DayOfWeek)(number % 7));

    /// <summary>What is known of one sensor: by SQL, and by aggregates that are code.</summary>
    public static ViewDefinition<MeasuredEvent, string, MeasuredTotals> BySensor { get; } = View.Of<MeasuredEvent>("by_sensor").GroupBy(e => e.Sensor)
        .Select(g => new MeasuredTotals(
            g.Count(), g.Sum(e => e.Value), g.Sum(e => e.Amount), g.Max(e => e.At), g.Min(e => e.Day), g.Latest(e => e.Note), g.ApproxDistinct(e => e.Id), g.CountDistinct(e => e.Raw, 1000),
            g.Quantile(e => e.Real, 0.5), g.TopK(e => e.Note, 3, 16), g.LastN(e => e.Span, 3)));

    /// <summary>Sessions of each day of the week.</summary>
    public static ViewDefinition<MeasuredEvent, MeasuredStay, long> Stays { get; } = View.Of<MeasuredEvent>("stays")
        .GroupBy(e => new MeasuredStay(e.Choice, Window.Session(e.At, TimeSpan.FromMinutes(25)))).Select(g => g.Count());

    /// <summary>The options that all who open such a store share.</summary>
    public static void Configure(LambdaStoreOptions<MeasuredEvent> options)
    {
        options.EventTime(e => e.At).AddView(BySensor).AddView(Stays);
        options.LateEvents = LatePolicy.Reject;
        options.BatchThreads = 1;
        options.BatchMemoryBytes = 64L << 20;
    }
}

/// <summary>The results of <see cref="MeasuredEvent.BySensor"/>.</summary>
public sealed record MeasuredTotals(
    long Count, long Sum, decimal Amount, DateTimeOffset Last, DateOnly First, string? Note, long Ids, long Raws, double? Median, IReadOnlyList<TopItem<string?>> Notes, IReadOnlyList<TimeSpan?> Spans);

/// <summary>The key of <see cref="MeasuredEvent.Stays"/>.</summary>
public readonly record struct MeasuredStay(DayOfWeek Choice, DateTimeOffset Start);
