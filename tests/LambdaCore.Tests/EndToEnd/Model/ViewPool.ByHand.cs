using LambdaCore.Values;
using static LambdaCore.Tests.EndToEnd.Model.ModelView;

namespace LambdaCore.Tests.EndToEnd.Model;

/// <content>Views whose answers are also computed by hand-written LINQ, which shares no code with the library.</content>
internal static partial class ViewPool
{
    private static IEnumerable<ModelView> ByHand() =>
    [
        Of(View.Of<AnyEvent>("hand_count").GroupBy(e => e.Category).Select(g => g.Count()),
            events => events.GroupBy(e => e.Category).Select(g => (g.Key, (long)g.Count()))),
        Of(View.Of<AnyEvent>("hand_hours").Where(e => e.Category != "heartbeat").GroupBy(e => new HourKey(Window.Hour(e.At), e.Category))
                .Select(g => new { N = g.Count(), Total = g.Sum(e => e.Amount), Mean = g.Average(e => e.AmountMaybe) }),
            events => events.Where(e => e.Category != "heartbeat")
                .GroupBy(e => new HourKey(Truncate(e.At, TimeSpan.TicksPerHour), e.Category))
                .Select(g => (g.Key, new { N = (long)g.Count(), Total = g.Sum(e => e.Amount), Mean = g.Average(e => e.AmountMaybe) }))),
        Of(View.Of<AnyEvent>("hand_integers").GroupBy(e => new { e.Small, e.Flag })
                .Select(g => new { S = g.Sum(e => e.Int16), M = g.Average(e => e.Int8Maybe), Min = g.Min(e => e.Int64), Max = g.Max(e => e.UInt64), Most = g.Max(e => e.Int32Maybe) }),
            events => events.GroupBy(e => new { e.Small, e.Flag })
                .Select(g => (g.Key, new { S = g.Sum(e => (long)e.Int16), M = g.Average(e => (int?)e.Int8Maybe), Min = g.Min(e => e.Int64), Max = g.Max(e => e.UInt64), Most = g.Max(e => e.Int32Maybe) }))),
        Of(View.Of<AnyEvent>("hand_nullable").GroupBy(e => new { e.Int32Maybe, e.FlagMaybe }).Select(g => new { N = g.Count(), With = g.Count(e => e.TextMaybe != null), Last = g.Latest(e => e.Sequence) }),
            events => events.GroupBy(e => new { e.Int32Maybe, e.FlagMaybe })
                .Select(g => (g.Key, new { N = (long)g.Count(), With = (long)g.Count(e => e.TextMaybe != null), Last = g.Last(e => EventTime(e) == g.Max(EventTime)).Sequence }))),
        Of(View.Of<AnyEvent>("hand_order").GroupBy(e => e.Text).Select(g => new { First = g.Earliest(e => e.Category), Last = g.Latest(e => e.Category), From = g.Min(e => e.At), To = g.Max(e => e.At) }),
            events => events.GroupBy(e => e.Text).Select(g => (g.Key, new
            {
                First = g.First(e => EventTime(e) == g.Min(EventTime)).Category,
                Last = g.Last(e => EventTime(e) == g.Max(EventTime)).Category,
                From = Truncate(g.MinBy(EventTime)!.At, TimeSpan.TicksPerMicrosecond),
                To = Truncate(g.MaxBy(EventTime)!.At, TimeSpan.TicksPerMicrosecond),
            }))),
        Of(View.Of<AnyEvent>("hand_strings").GroupBy(e => e.TextMaybe).Select(g => new { Min = g.Min(e => e.Text), Max = g.Max(e => e.Text) }),
            events => events.GroupBy(e => (Text: e.TextMaybe, IsThere: e.TextMaybe is not null))
                .Select(g => (g.Key.Text, new { Min = g.Select(e => e.Text).Min(Texts)!, Max = g.Select(e => e.Text).Max(Texts)! }))),
        Of(View.Of<AnyEvent>("hand_doubles").GroupBy(e => e.Float64).Select(g => new { N = g.Count(), Min = g.Min(e => e.Float64Maybe), Max = g.Max(e => e.Float64Maybe) }),
            events => events.GroupBy(e => double.IsNaN(e.Float64) ? double.NaN : e.Float64 == 0 ? 0 : e.Float64)
                .Select(g => (g.Key, new { N = (long)g.Count(), Min = Extreme(g, least: true), Max = Extreme(g, least: false) }))),
        Of(View.Of<AnyEvent>("hand_decimals").GroupBy(e => new { e.Category }).Select(g => new { Sum = g.Sum(e => Math.Round(e.Amount) > 50 ? 0.125m : -0.000000001m), Max = g.Max(e => e.Money) }),
            events => events.GroupBy(e => new { e.Category }).Select(g => (g.Key, new { Sum = g.Sum(e => Math.Round(e.Amount) > 50 ? 0.125m : -0.000000001m), Max = g.Max(e => e.Money) }))),
        Of(View.Of<AnyEvent>("hand_dates").GroupBy(e => new { e.Day, e.StageMaybe }).Select(g => new { N = g.Count(), Longest = g.Max(e => e.Span), Shortest = g.Min(e => e.SpanMaybe) }),
            events => events.GroupBy(e => new { e.Day, e.StageMaybe }).Select(g => (g.Key, new { N = (long)g.Count(), Longest = g.Max(e => e.Span), Shortest = g.Min(e => e.SpanMaybe) }))),
        Of(View.Of<AnyEvent>("hand_days").Where(e => e.Int32Maybe > 0 || e.Flag).GroupBy(e => Window.Day(e.At)).Select(g => new { N = g.Count(), Ids = g.Min(e => e.Id), Big = g.Count(e => e.Amount >= 50) }),
            events => events.Where(e => e.Int32Maybe > 0 || e.Flag).GroupBy(e => Truncate(e.At, TimeSpan.TicksPerDay))
                .Select(g => (g.Key, new { N = (long)g.Count(), Ids = new Guid(g.Select(e => e.Id.ToString()).Min(StringComparer.Ordinal)!), Big = (long)g.Count(e => e.Amount >= 50) }))),
        Of(View.Of<AnyEvent>("hand_local_days").GroupBy(e => new { Day = Window.Day(e.At, "Europe/Berlin"), e.Flag }).Select(g => new { N = g.Count(), Last = g.Max(e => e.Sequence) }),
            events => events.GroupBy(e => new { Day = BerlinMidnight(e.At), e.Flag }).Select(g => (g.Key, new { N = (long)g.Count(), Last = g.Max(e => e.Sequence) }))),
        Of(View.Of<AnyEvent>("hand_weeks").GroupBy(e => Window.Week(e.At, null, DayOfWeek.Sunday)).Select(g => new { N = g.Count(), Last = g.Max(e => e.Sequence) }),
            events => events.GroupBy(e => new DateTimeOffset(new DateTime(Math.Max(0, e.At.UtcDateTime.Date.Ticks - ((int)e.At.UtcDateTime.DayOfWeek * TimeSpan.TicksPerDay))), TimeSpan.Zero))
                .Select(g => (g.Key, new { N = (long)g.Count(), Last = g.Max(e => e.Sequence) }))),
        Of(View.Of<AnyEvent>("hand_months").GroupBy(e => new { Month = Window.Month(e.At) }).Select(g => g.Count()),
            events => events.GroupBy(e => new { Month = new DateTimeOffset(e.At.UtcDateTime.Year, e.At.UtcDateTime.Month, 1, 0, 0, 0, TimeSpan.Zero) }).Select(g => (g.Key, (long)g.Count()))),
        Of(View.Of<AnyEvent>("hand_bytes").GroupBy(e => e.Small).Select(g => new { Last = g.Latest(e => e.Payload), Max = g.Max(e => e.PayloadMaybe) }),
            events => events.GroupBy(e => e.Small).Select(g => (g.Key, new
            {
                Last = g.Last(e => EventTime(e) == g.Max(EventTime)).Payload,
                Max = g.Select(e => e.PayloadMaybe).Where(p => p is not null).Max(Comparer<byte[]?>.Create((a, b) => a.AsSpan().SequenceCompareTo(b))),
            }))),
        Of(View.Of<AnyEvent>("hand_few_distinct").GroupBy(e => e.Category).Select(g => new { Small = g.ApproxDistinct(e => e.Small), Flags = g.ApproxDistinct(e => e.FlagMaybe) }),
            events => events.GroupBy(e => e.Category).Select(g => (g.Key, new
            {
                Small = (long)g.Select(e => e.Small).Distinct().Count(),
                Flags = (long)g.Select(e => e.FlagMaybe).Where(f => f is not null).Distinct().Count(),
            }))),
    ];

    private static IComparer<string> Texts { get; } = Comparer<string>.Create((a, b) => Values.Compare(a, b));

    /// <summary>The moment at which a day began in Berlin, where no clock is changed at midnight.</summary>
    private static DateTimeOffset BerlinMidnight(DateTimeOffset time)
    {
        TimeZoneInfo berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        long wall = time.UtcTicks + berlin.GetUtcOffset(time.UtcDateTime).Ticks;
        for (long utc = Math.Max(0, time.UtcTicks - (wall % TimeSpan.TicksPerDay) - (3 * TimeSpan.TicksPerHour)); ; utc++)
        {
            long rest = (utc + berlin.GetUtcOffset(new DateTime(utc, DateTimeKind.Utc)).Ticks) % TimeSpan.TicksPerDay;
            if (rest == 0 || utc == 0)
            {
                return new DateTimeOffset(utc, TimeSpan.Zero);
            }

            utc += Math.Min(TimeSpan.TicksPerDay - rest, TimeSpan.TicksPerMinute) - 1;
        }
    }

    private static DateTimeOffset Truncate(DateTimeOffset time, long ticks) => new(time.UtcTicks - (time.UtcTicks % ticks), TimeSpan.Zero);

    private static double? Extreme(IEnumerable<AnyEvent> events, bool least)
    {
        double[] values = [.. events.Select(e => e.Float64Maybe).OfType<double>()];
        double[] numbers = [.. values.Where(v => !double.IsNaN(v))];
        return values.Length == 0 ? null
            : least ? (numbers.Length == 0 ? double.NaN : numbers.Min())
            : numbers.Length < values.Length ? double.NaN : numbers.Max();
    }
}
