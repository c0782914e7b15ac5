using LambdaCore.Tests.Aggregates;
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
        Of(View.Of<AnyEvent>("hand_hopping").Where(e => e.Small != 1).GroupBy(e => new HourKey(Window.Hopping(e.At, TimeSpan.FromMinutes(100), TimeSpan.FromMinutes(45)), e.Category)).Select(g => new { N = g.Count(), Last = g.Max(e => e.Sequence) }),
            events => events.Where(e => e.Small != 1).SelectMany(e => Hops(e.At, 100, 45, 0).Select(start => (Start: start, Event: e))).GroupBy(p => new HourKey(p.Start, p.Event.Category))
                .Select(g => (g.Key, new { N = (long)g.Count(), Last = g.Max(p => p.Event.Sequence) }))),
        Of(View.Of<AnyEvent>("hand_hopping_alone").GroupBy(e => Window.Hopping(e.At, TimeSpan.FromDays(1), TimeSpan.FromHours(6), TimeSpan.FromHours(-1))).Select(g => new { N = g.Count(), Mean = g.Average(e => e.AmountMaybe) }),
            events => events.SelectMany(e => Hops(e.At, 24 * 60, 6 * 60, 5 * 60).Select(start => (Start: start, Event: e))).GroupBy(p => p.Start)
                .Select(g => (g.Key, new { N = (long)g.Count(), Mean = g.Average(p => p.Event.AmountMaybe) }))),
        Of(View.Of<AnyEvent>("hand_bytes").GroupBy(e => e.Small).Select(g => new { Last = g.Latest(e => e.Payload), Max = g.Max(e => e.PayloadMaybe) }),
            events => events.GroupBy(e => e.Small).Select(g => (g.Key, new
            {
                Last = g.Last(e => EventTime(e) == g.Max(EventTime)).Payload,
                Max = g.Select(e => e.PayloadMaybe).Where(p => p is not null).Max(Comparer<byte[]?>.Create((a, b) => a.AsSpan().SequenceCompareTo(b))),
            }))),
        Of(View.Of<AnyEvent>("hand_parts").GroupBy(e => e.Category).Select(g => new
            {
                Any = g.Any(e => e.Int32Maybe > 0), All = g.All(e => e.TextMaybe != null), Share = g.Share(e => e.Flag), Rate = g.Ratio(e => e.Int8, e => e.Small),
                Each = g.Ratio(e => e.Int16Maybe, e => e.FlagMaybe == true ? 1 : (int?)null), Exact = g.Ratio(e => (decimal)e.Int32, e => (decimal)e.Int8),
            }),
            events => events.GroupBy(e => e.Category).Select(g => (g.Key, new
            {
                Any = g.Any(e => e.Int32Maybe > 0), All = g.All(e => e.TextMaybe != null), Share = g.Average(e => e.Flag ? 1.0 : 0.0), Rate = Ratio(g.Sum(e => (long)e.Int8), g.Sum(e => (long)e.Small)),
                Each = Ratio(g.Sum(e => (long?)e.Int16Maybe) ?? 0, g.Count(e => e.FlagMaybe == true)),
                Exact = g.Sum(e => (long)e.Int8) is 0 ? null : (decimal?)g.Sum(e => (long)e.Int32) / g.Sum(e => (long)e.Int8),
            }))),
        Of(View.Of<AnyEvent>("hand_by").GroupBy(e => e.Flag).Select(g => new
            {
                Least = g.MinBy(e => e.Sequence, e => e.Small), Most = g.MaxBy(e => e.Sequence, e => e.Small), Name = g.MaxBy(e => e.TextMaybe, e => e.Int32Maybe), Low = g.MinBy(e => e.MomentMaybe, e => e.Text), Nan = g.MaxBy(e => (long?)e.Sequence, e => e.Float64Maybe),
            }),
            events => events.GroupBy(e => e.Flag).Select(g => (g.Key, new
            {
                Least = Sorted(g, e => e.Small).First().Sequence, Most = Sorted(g, e => e.Small).Last().Sequence, Name = Sorted(g, e => e.Int32Maybe, e => e.TextMaybe).LastOrDefault()?.TextMaybe,
                Low = Sorted(g, e => e.Text, e => e.MomentMaybe).FirstOrDefault()?.MomentMaybe is { } low ? Truncate(low, TimeSpan.TicksPerMicrosecond) : (DateTimeOffset?)null, Nan = Sorted(g, e => e.Float64Maybe).LastOrDefault()?.Sequence,
            }))),
        Of(View.Of<AnyEvent>("hand_own").GroupBy(e => e.Small).Select(g => new
            {
                Total = g.Sum(e => e.Amount), Mean = g.Aggregate(default(GeometricMean), e => Math.Abs(e.Amount) + 1), Part = g.Aggregate(default(GeometricMean), e => (e.AmountMaybe > 0 ? e.AmountMaybe : null)),
                Texts = g.Aggregate(default(DistinctTexts), e => e.TextMaybe), Weighted = g.Aggregate(default(WeightedSum), e => e.Int16, e => e.Int8Maybe).Sum, Unweighted = g.Aggregate(default(WeightedSum), e => e.Int16, e => e.Int8Maybe).Unweighted,
            }),
            events => events.GroupBy(e => e.Small).Select(g => (g.Key, new
            {
                Total = g.Sum(e => e.Amount), Mean = Geometric(g.Select(e => Math.Abs(e.Amount) + 1)), Part = Geometric(g.Where(e => e.AmountMaybe > 0).Select(e => e.AmountMaybe!.Value)),
                Texts = (IReadOnlyList<string>)[.. g.Select(e => e.TextMaybe).OfType<string>().Distinct().Order(StringComparer.Ordinal)],
                Weighted = g.Sum(e => e.Int16 * (long)(e.Int8Maybe ?? 1)), Unweighted = (long)g.Count(e => e.Int8Maybe is null),
            }))),
        Of(View.Of<AnyEvent>("hand_few_distinct").GroupBy(e => e.Category).Select(g => new { Small = g.ApproxDistinct(e => e.Small), Flags = g.ApproxDistinct(e => e.FlagMaybe) }),
            events => events.GroupBy(e => e.Category).Select(g => (g.Key, new
            {
                Small = (long)g.Select(e => e.Small).Distinct().Count(),
                Flags = (long)g.Select(e => e.FlagMaybe).Where(f => f is not null).Distinct().Count(),
            }))),
        Of(View.Of<AnyEvent>("hand_quantiles").GroupBy(e => e.Category)
                .Select(g => new { Least = g.Quantile(e => e.Float64, 0), Middle = g.Quantile(e => e.Amount, 0.5), High = g.Quantile(e => e.Float64Maybe, 0.9, 0.05), Most = g.Quantile(e => e.Int32Maybe, 1) }),
            events => events.GroupBy(e => e.Category).Select(g => (g.Key, new
            {
                Least = Sorted(g.Select(e => e.Float64))[0],
                Middle = At(Sorted(g.Select(e => e.Amount)), 0.5)!.Value,
                High = At(Sorted(g.Select(e => e.Float64Maybe).OfType<double>()), 0.9),
                Most = At(Sorted(g.Select(e => (double?)e.Int32Maybe).OfType<double>()), 1),
            })),
            (exact, actual) => QuantileTests.IsWithin(actual.Least, exact.Least, 0.01) && QuantileTests.IsWithin(actual.Middle, exact.Middle, 0.01)
                && IsWithin(actual.High, exact.High, 0.05) && IsWithin(actual.Most, exact.Most, 0.01)),
        Of(View.Of<AnyEvent>("hand_spreads").GroupBy(e => e.Category)
                .Select(g => new { V = g.Variance(e => e.Amount), P = g.PopulationVariance(e => e.AmountMaybe), S = g.StandardDeviation(e => e.Small), D = g.PopulationStandardDeviation(e => e.Int8Maybe) }),
            events => events.GroupBy(e => e.Category).Select(g => (g.Key, new
            {
                V = Variance(g.Select(e => e.Amount), 1),
                P = Variance(g.Select(e => e.AmountMaybe).OfType<double>(), 0),
                S = Root(Variance(g.Select(e => (double)e.Small), 1)),
                D = Root(Variance(g.Select(e => (double?)e.Int8Maybe).OfType<double>(), 0)),
            }))),
        Of(View.Of<AnyEvent>("hand_histograms").GroupBy(e => e.Small).Select(g => new { A = g.Histogram(e => e.Amount, 10, 50, 90.5), B = g.Histogram(e => e.Float64Maybe, 0) }),
            events => events.GroupBy(e => e.Small).Select(g => (g.Key, new
            {
                A = (IReadOnlyList<long>)[g.Count(e => e.Amount < 10), g.Count(e => e.Amount is >= 10 and < 50), g.Count(e => e.Amount is >= 50 and < 90.5), g.Count(e => e.Amount >= 90.5)],
                B = (IReadOnlyList<long>)[g.Count(e => e.Float64Maybe < 0), g.Count(e => e.Float64Maybe >= 0 || (e.Float64Maybe is { } n && double.IsNaN(n)))],
            }))),
        Of(View.Of<AnyEvent>("hand_distinct").GroupBy(e => e.Category).Select(g => new { Texts = g.CountDistinct(e => e.TextMaybe, 100_000), Ids = g.CountDistinct(e => e.Id, 100_000, WhenExceeded.Approximate) }),
            events => events.GroupBy(e => e.Category).Select(g => (g.Key, new
            {
                Texts = (long)g.Select(e => e.TextMaybe).Where(t => t is not null).Distinct().Count(),
                Ids = (long)g.Select(e => e.Id).Distinct().Count(),
            }))),
        Of(View.Of<AnyEvent>("hand_tops").GroupBy(e => e.Flag).Select(g => new { Categories = g.TopK(e => e.Category, 2), Texts = g.TopK(e => e.TextMaybe, 3, 16_384) }),
            events => events.GroupBy(e => e.Flag).Select(g => (g.Key, new { Categories = Top(g.Select(e => e.Category), 2), Texts = Top(g.Select(e => e.TextMaybe), 3) }))),
        Of(View.Of<AnyEvent>("hand_lists").GroupBy(e => e.Small).Select(g => new { Last = g.LastN(e => e.Sequence, 3), First = g.FirstN(e => e.TextMaybe, 2) }),
            events => events.GroupBy(e => e.Small).Select(g => (g.Key, new
            {
                Last = (IReadOnlyList<long>)[.. g.OrderBy(EventTime).Reverse().Take(3).Select(e => e.Sequence)],
                First = (IReadOnlyList<string?>)[.. g.Where(e => e.TextMaybe is not null).OrderBy(EventTime).Take(2).Select(e => e.TextMaybe)],
            }))),
        Of(View.Of<AnyEvent>("hand_sessions").Where(e => e.Small != 3).GroupBy(e => new VisitKey(e.Category, Window.Session(e.At, TimeSpan.FromMinutes(45))))
                .Select(g => new { N = g.Count(), Flags = g.Count(e => e.Flag), End = g.Max(e => e.At), Small = g.Sum(e => e.Small), Last = g.Latest(e => e.Sequence) }),
            events => events.Where(e => e.Small != 3).GroupBy(e => e.Category).SelectMany(g => Chains(g, 45 * 60_000_000L).Select(c => (new VisitKey(g.Key, Truncate(c[0].At, TimeSpan.TicksPerMicrosecond)), new
            {
                N = (long)c.Count,
                Flags = (long)c.Count(e => e.Flag),
                End = Truncate(c[^1].At, TimeSpan.TicksPerMicrosecond),
                Small = c.Sum(e => (long)e.Small),
                Last = c[^1].Sequence,
            })))),
    ];

    private static double[] Sorted(IEnumerable<double> numbers) => [.. numbers.OrderBy(n => double.IsNaN(n)).ThenBy(n => n)];

    private static double? At(double[] sorted, double share) => sorted.Length == 0 ? null : sorted[(int)(share * (sorted.Length - 1))];

    private static bool IsWithin(double? estimate, double? exact, double accuracy) =>
        estimate is { } one && exact is { } other ? QuantileTests.IsWithin(one, other, accuracy) : estimate is null && exact is null;

    private static double? Variance(IEnumerable<double> numbers, int less)
    {
        double[] all = [.. numbers];
        double mean = all.Length == 0 ? 0 : all.Average();
        return all.Length <= less ? null : all.Sum(n => (n - mean) * (n - mean)) / (all.Length - less);
    }

    private static double? Root(double? number) => number is { } n ? Math.Sqrt(n) : null;

    private static IReadOnlyList<TopItem<T>> Top<T>(IEnumerable<T> values, int number) =>
        [.. values.Where(v => v is not null).GroupBy(v => v).OrderByDescending(v => v.Count()).ThenBy(v => v.Key, Comparer<T>.Create((a, b) => Values.Compare(a, b))).Take(number).Select(v => new TopItem<T>(v.Key, v.Count(), 0))];

    /// <summary>The events in the order of time, cut wherever nothing happens for so many microseconds.</summary>
    private static List<List<AnyEvent>> Chains(IEnumerable<AnyEvent> events, long gap)
    {
        List<List<AnyEvent>> chains = [];
        foreach (AnyEvent e in events.OrderBy(EventTime))
        {
            if (chains.Count == 0 || EventTime(e) >= EventTime(chains[^1][^1]) + gap)
            {
                chains.Add([]);
            }

            chains[^1].Add(e);
        }

        return chains;
    }

    private static IComparer<string> Texts { get; } = Comparer<string>.Create((a, b) => Values.Compare(a, b));

    /// <summary>The starts of the overlapping windows that a time lies in. A window that began before time did begins with it.</summary>
    private static IEnumerable<DateTimeOffset> Hops(DateTimeOffset time, int sizeMinutes, int hopMinutes, int offsetMinutes)
    {
        Int128 hop = hopMinutes * TimeSpan.TicksPerMinute;
        Int128 offset = offsetMinutes * TimeSpan.TicksPerMinute;
        SortedSet<long> starts = [];
        for (Int128 n = (time.UtcTicks / hop) + 2; (n * hop) + offset + (sizeMinutes * TimeSpan.TicksPerMinute) > time.UtcTicks; n--)
        {
            Int128 start = (n * hop) + offset;
            if (start <= time.UtcTicks)
            {
                starts.Add((long)Int128.Max(start, 0));
            }
        }

        return starts.Select(s => new DateTimeOffset(s, TimeSpan.Zero));
    }

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

    private static double? Ratio(long numerator, long denominator) => denominator == 0 ? null : (double)numerator / denominator;

    private static double? Geometric(IEnumerable<double> values) => values.Any() ? Math.Exp(values.Average(Math.Log)) : null;

    /// <summary>The events that have both values, by one of them, then by time, then as they came.</summary>
    private static IEnumerable<AnyEvent> Sorted<TBy>(IEnumerable<AnyEvent> events, Func<AnyEvent, TBy> by, Func<AnyEvent, object?>? value = null) =>
        events.Where(e => by(e) is not null && (value is null || value(e) is not null)).OrderBy(by, Comparer<TBy>.Create((a, b) => Values.Compare(a, b))).ThenBy(EventTime);

    private static double? Extreme(IEnumerable<AnyEvent> events, bool least)
    {
        double[] values = [.. events.Select(e => e.Float64Maybe).OfType<double>()];
        double[] numbers = [.. values.Where(v => !double.IsNaN(v))];
        return values.Length == 0 ? null
            : least ? (numbers.Length == 0 ? double.NaN : numbers.Min())
            : numbers.Length < values.Length ? double.NaN : numbers.Max();
    }
}
