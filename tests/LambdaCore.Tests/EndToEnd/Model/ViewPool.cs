using static LambdaCore.Tests.EndToEnd.Model.ModelView;

namespace LambdaCore.Tests.EndToEnd.Model;

internal readonly record struct HourKey(DateTimeOffset Hour, string Category);

internal readonly record struct VisitKey(string Category, DateTimeOffset Start);

internal readonly record struct HourStats(long Events, double Users, double? Average, double Total);

internal sealed record PersonKey(string? Name, int Small);

internal readonly record struct WideKey(bool Flag, sbyte Tiny, ushort Port, Stage Stage, DateOnly Day, Guid Id);

internal readonly record struct MaybeKey(bool? Flag, int? Number, string? Text, decimal? Money, DateTimeOffset? Moment, Stage? Stage);

internal sealed record InitKey
{
    public string Category { get; init; } = "";

    public double Weight { get; init; }
}

/// <summary>
/// Views over <see cref="AnyEvent"/>: every aggregate over every kind that it takes, filters, and keys of every shape. Shared by all
/// sequences, since compiling them takes longer than running one.
/// </summary>
internal static partial class ViewPool
{
    private static readonly double[] Edges = [-1000, -0.5, 0, 0.000000001, 1.5, 12345678.987654321];
    private static readonly string[] Wanted = ["view", "purchase", "\uFFFF"];

    /// <summary>All views of the pool.</summary>
    public static IReadOnlyList<ModelView> All { get; } = [.. Whole(), .. ByHand(), .. RollUps()];

    private static IEnumerable<ModelView> Whole() =>
    [
        Of(View.Of<AnyEvent>("hourly").Where(e => e.Category != "heartbeat")
            .GroupBy(e => new HourKey(Window.Hour(e.At), e.Category))
            .Select(g => new HourStats(g.Count(), g.ApproxDistinct(e => e.Text), g.Average(e => e.AmountMaybe), g.Sum(e => e.AmountMaybe ?? 0)))),
        Of(View.Of<AnyEvent>("people").GroupBy(e => new PersonKey(e.TextMaybe, e.Small))
            .Select(g => new { N = g.Count(), Last = g.Max(e => e.At), Latest = g.Latest(e => e.Text), First = g.Earliest(e => e.Category), Pay = g.Sum(e => e.Money) })),
        Of(View.Of<AnyEvent>("rate").Where(e => e.TextMaybe != null).GroupBy(e => e.TextMaybe!)
            .Select(g => new { Views = g.Count(e => e.Category == "view"), Rate = (double)g.Count(e => e.Category == "purchase") / g.Count(e => e.Category == "view") })),
        Of(View.Of<AnyEvent>("wide").GroupBy(e => new WideKey(e.Flag, e.Int8, e.UInt16, e.Stage, e.Day, e.Id)).Select(g => g.Count())),
        Of(View.Of<AnyEvent>("maybe").GroupBy(e => new MaybeKey(e.FlagMaybe, e.Int32Maybe, e.TextMaybe, e.MoneyMaybe, e.MomentMaybe, e.StageMaybe))
            .Select(g => new { N = g.Count(), Big = g.Max(e => e.Int64), Small = g.Min(e => e.Int64Maybe) })),
        Of(View.Of<AnyEvent>("init").GroupBy(e => new InitKey { Category = e.Category, Weight = e.Float64 })
            .Select(g => new { N = g.Count(), Sum = g.Sum(e => e.Float64Maybe), Mean = g.Average(e => e.Float64) })),
        Of(View.Of<AnyEvent>("floats").GroupBy(e => e.Float32Maybe)
            .Select(g => new { N = g.Count(), Min = g.Min(e => e.Float32), Max = g.Max(e => e.Float32Maybe), MinDouble = g.Min(e => e.Float64), MaxDouble = g.Max(e => e.Float64Maybe) })),
        Of(View.Of<AnyEvent>("doubles").GroupBy(e => e.Float64).Select(g => g.Latest(e => e.Float64Maybe))),
        Of(View.Of<AnyEvent>("doubles_maybe").GroupBy(e => e.Float64Maybe).Select(g => new { N = g.Count(), Day = g.Min(e => e.Day), Late = g.Max(e => e.DayMaybe) })),
        Of(View.Of<AnyEvent>("flags").GroupBy(e => e.Flag)
            .Select(g => new { N = g.Count(), Any = g.Max(e => e.FlagMaybe), All = g.Min(e => e.Flag), Last = g.Latest(e => e.FlagMaybe), First = g.Earliest(e => e.Flag) })),
        Of(View.Of<AnyEvent>("signed").GroupBy(e => e.Int8Maybe).Select(g => new
        {
            A = g.Min(e => e.Int8), B = g.Max(e => e.Int16), C = g.Min(e => e.Int32Maybe), D = g.Max(e => e.Int64), E = g.Latest(e => e.Int16Maybe), F = g.Earliest(e => e.Int32),
            S = g.Sum(e => e.Int8), T = g.Sum(e => (long?)e.Int32Maybe), M = g.Average(e => e.Int32), O = g.Average(e => (long?)e.Int16Maybe),
        })),
        Of(View.Of<AnyEvent>("unsigned").GroupBy(e => new { e.UInt8Maybe, e.Category }).Select(g => new
        {
            A = g.Min(e => e.UInt8), B = g.Max(e => e.UInt16), C = g.Min(e => e.UInt32), D = g.Max(e => e.UInt64), E = g.Latest(e => e.UInt64Maybe), F = g.Earliest(e => e.UInt32Maybe),
            S = g.Sum(e => e.UInt64), M = g.Average(e => e.UInt64Maybe), H = g.Sum(e => (long)e.UInt32),
        })),
        Of(View.Of<AnyEvent>("overflow").GroupBy(e => e.Small).Select(g => new { Sum = g.Sum(e => e.Int64), Mean = g.Average(e => e.Int64Maybe) })),
        Of(View.Of<AnyEvent>("overflow_decimal").GroupBy(e => new { e.Small, e.Flag }).Select(g => new { Sum = g.Sum(e => e.Money), Mean = g.Average(e => e.MoneyMaybe) })),
        Of(View.Of<AnyEvent>("money").GroupBy(e => e.Money).Select(g => new { g.Key, N = g.Count(), Min = g.Min(e => e.MoneyMaybe), Max = g.Max(e => e.Money), Last = g.Latest(e => e.MoneyMaybe), First = g.Earliest(e => e.Money) })),
        Of(View.Of<AnyEvent>("texts").GroupBy(e => e.Text)
            .Select(g => new { N = g.Count(), Min = g.Min(e => e.Text), Max = g.Max(e => e.TextMaybe), Last = g.Latest(e => e.TextMaybe), First = g.Earliest(e => e.Text), Distinct = g.ApproxDistinct(e => e.TextMaybe) })),
        Of(View.Of<AnyEvent>("ids").GroupBy(e => e.IdMaybe).Select(g => new { N = g.Count(), Min = g.Min(e => e.Id), Max = g.Max(e => e.IdMaybe), Last = g.Latest(e => e.Id) })),
        Of(View.Of<AnyEvent>("times").GroupBy(e => e.Moment).Select(g => new
        {
            Min = g.Min(e => e.Moment), Max = g.Max(e => e.MomentMaybe), MinUtc = g.Min(e => e.Utc), MaxUtc = g.Max(e => e.UtcMaybe), Day = g.Latest(e => e.DayMaybe), Span = g.Max(e => e.SpanMaybe), Short = g.Min(e => e.Span),
        })),
        Of(View.Of<AnyEvent>("utc").GroupBy(e => new { e.Utc, e.DayMaybe }).Select(g => new { N = g.Count(), Span = g.Earliest(e => e.SpanMaybe), At = g.Latest(e => e.MomentMaybe) })),
        Of(View.Of<AnyEvent>("spans").GroupBy(e => new { e.SpanMaybe, e.Span }).Select(g => g.Count())),
        Of(View.Of<AnyEvent>("enums").GroupBy(e => new { e.StageMaybe, e.Tiny, e.HugeMaybe })
            .Select(g => new { N = g.Count(), A = g.Min(e => e.Stage), B = g.Max(e => e.TinyMaybe), C = g.Latest(e => e.Huge), D = g.Earliest(e => e.StageMaybe), E = g.ApproxDistinct(e => e.Huge, 4) })),
        Of(View.Of<AnyEvent>("payloads").GroupBy(e => e.Category)
            .Select(g => new { Min = g.Min(e => e.Payload), Max = g.Max(e => e.PayloadMaybe), Last = g.Latest(e => e.PayloadMaybe), First = g.Earliest(e => e.Payload), N = g.ApproxDistinct(e => e.Payload) })),
        Of(View.Of<AnyEvent>("by_payload").GroupBy(e => new { e.Small, e.PayloadMaybe }).Select(g => new { N = g.Count(), g.Key.Small })),
        Of(View.Of<AnyEvent>("distinct").GroupBy(e => new { e.Small }).Select(g => new
        {
            A = g.ApproxDistinct(e => e.Float64Maybe), B = g.ApproxDistinct(e => e.Money, 10), C = g.ApproxDistinct(e => e.Moment), D = g.ApproxDistinct(e => e.Int8Maybe, 5),
            E = g.ApproxDistinct(e => e.Id, 14), F = g.ApproxDistinct(e => e.Flag), G = g.ApproxDistinct(e => e.Sequence, 4), H = g.ApproxDistinct(e => e.StageMaybe), I = g.ApproxDistinct(e => e.DayMaybe), J = g.ApproxDistinct(e => e.Span),
        })),
        Of(View.Of<AnyEvent>("distinct_big").GroupBy(e => e.Flag).Select(g => g.ApproxDistinct(e => e.Sequence, 18))),
        Of(View.Of<AnyEvent>("minutes").GroupBy(e => new { Minute = Window.Minute(e.At), e.StageMaybe }).Select(g => new { N = g.Count(), Last = g.Latest(e => e.Int32Maybe) })),
        Of(View.Of<AnyEvent>("windows_last").GroupBy(e => new { e.Category, e.FlagMaybe, Quarter = Window.Of(e.At, TimeSpan.FromMinutes(15)) }).Select(g => new { N = g.Count(e => e.Flag), Total = g.Sum(e => e.Amount) })),
        Of(View.Of<AnyEvent>("window_alone").GroupBy(e => Window.Hour(e.At)).Select(g => new { N = g.Count(), Sum = g.Sum(e => (long)e.UInt16) })),
        Of(View.Of<AnyEvent>("window_maybe").GroupBy(e => new { Day = (DateTimeOffset?)Window.Day(e.Moment), e.Flag }).Select(g => g.Count())),
        Of(View.Of<AnyEvent>("window_utc").GroupBy(e => new { Day = Window.Day(e.Utc), e.Small }).Select(g => new { N = g.Count(), Max = g.Max(e => e.Int16Maybe) })),
        Of(View.Of<AnyEvent>("window_tiny").GroupBy(e => Window.Of(e.At, TimeSpan.FromMicroseconds(1))).Select(g => g.Count())),
        Of(View.Of<AnyEvent>("sessions").Where(e => e.Category != "heartbeat").GroupBy(e => new VisitKey(e.Category, Window.Session(e.At, TimeSpan.FromMinutes(30))))
            .Select(g => new { N = g.Count(), Texts = g.ApproxDistinct(e => e.Text), End = g.Max(e => e.At), Last = g.Latest(e => e.Payload), First = g.Earliest(e => e.TextMaybe), Mean = g.Average(e => e.AmountMaybe) })),
        Of(View.Of<AnyEvent>("sessions_alone").GroupBy(e => Window.Session(e.At, TimeSpan.FromMinutes(10))).Select(g => new { N = g.Count(), Sum = g.Sum(e => e.Int64) })),
        Of(View.Of<AnyEvent>("sessions_first").GroupBy(e => new { Start = Window.Session(e.At, TimeSpan.FromHours(2)), e.TextMaybe, e.Small }).Select(g => new { N = g.Count(), From = g.Key.Start })),
        Of(View.Of<AnyEvent>("sessions_between").GroupBy(e => new { e.Flag, Start = (DateTimeOffset?)Window.Session(e.At, TimeSpan.FromHours(1)), e.Float32Maybe }).Select(g => g.Max(e => e.Money))),
        Of(View.Of<AnyEvent>("sessions_utc").GroupBy(e => new { Start = Window.Session(e.Utc, TimeSpan.FromHours(9)), e.Small }).Select(g => new { N = g.Count(), Last = g.Max(e => e.Utc) })),
        Of(View.Of<AnyEvent>("sessions_moments").GroupBy(e => new { e.StageMaybe, Start = Window.Session(e.MomentMaybe ?? e.At, TimeSpan.FromDays(1)) }).Select(g => new { N = g.Count(e => e.MomentMaybe != null) })),
        Of(View.Of<AnyEvent>("sessions_tiny").GroupBy(e => new { e.Small, Start = Window.Session(e.At, TimeSpan.FromMicroseconds(1)) }).Select(g => g.Count())),
        Of(View.Of<AnyEvent>("sessions_endless").GroupBy(e => Window.Session(e.At, TimeSpan.FromDays(4_000_000))).Select(g => new { N = g.Count(), Distinct = g.ApproxDistinct(e => e.Sequence) })),
        Of(View.Of<AnyEvent>("weeks").Where(e => e.Small > 2).Where(e => e.FlagMaybe == true || e.Int32Maybe > 0).GroupBy(e => Window.Of(e.At, TimeSpan.FromDays(7))).Select(g => new { N = g.Count(), Mean = g.Average(e => (double?)e.Float32Maybe) })),
        Of(View.Of<AnyEvent>("filters").Where(e => Wanted.Contains(e.Category) && !(e.Float64 > 3) && e.MoneyMaybe != 0m)
            .GroupBy(e => new { Length = e.Text.Length % 3, Parity = e.Int32 % 2 == 0 }).Select(g => new { N = g.Count(e => e.Text.Contains("t1")), Lowest = g.Min(e => e.Text.ToUpperInvariant()), Sum = g.Sum(e => (long?)(e.Int32 + e.Int16)) })),
        Of(View.Of<AnyEvent>("nothing").Where(e => e.Sequence < 0).GroupBy(e => e.Category).Select(g => g.Count())),
        Of(View.Of<AnyEvent>("constant").GroupBy(e => new { One = 1 }).Select(g => new { N = g.Count(), Max = g.Max(e => e.Float64), Mean = g.Average(e => e.Money), Last = g.Latest(e => e.Sequence), First = g.Earliest(e => e.Sequence) })),
        Of(View.Of<AnyEvent>("computed").GroupBy(e => new { Hour = e.At.Hour, Big = e.Amount > 50, Sign = e.Int32 < 0 ? "minus" : "plus" })
            .Select(g => new { Twice = g.Count() * 2, Range = g.Max(e => e.Int32) - (long)g.Min(e => e.Int32), Label = g.Key.Sign + (g.Count(e => e.Flag) > 1 ? "!" : "") })),
        Of(View.Of<AnyEvent>("quantiles").GroupBy(e => new { e.Flag, e.Small }).Select(g => new
        {
            A = g.Quantile(e => e.Float64, 0.5), B = g.Quantile(e => e.Float64, 0.99), C = g.Quantile(e => e.Float64Maybe, 0.25, 0.1), D = g.Quantile(e => e.Int32Maybe, 1), E = g.Quantile(e => e.UInt64, 0.1),
            F = g.Quantile(e => e.Money, 0.9, 0.001), G = g.Quantile(e => e.Int8 * e.Int16, 0.75), H = g.Quantile(e => e.Float32Maybe, 0),
        })),
        Of(View.Of<AnyEvent>("spreads").GroupBy(e => new { e.Category, Day = Window.Day(e.At) }).Select(g => new
        {
            A = g.Variance(e => e.Amount), B = g.StandardDeviation(e => e.AmountMaybe), C = g.PopulationVariance(e => e.Int16), D = g.PopulationStandardDeviation(e => e.Int8Maybe), E = g.PopulationVariance(e => e.Small), N = g.Count(),
        })),
        Of(View.Of<AnyEvent>("spreads_nasty").GroupBy(e => e.Small).Select(g => new { A = g.Variance(e => e.Float64), B = g.StandardDeviation(e => e.Float32Maybe), C = g.PopulationVariance(e => e.MoneyMaybe), D = g.PopulationStandardDeviation(e => e.UInt64) })),
        Of(View.Of<AnyEvent>("histograms").GroupBy(e => e.Category).Select(g => new
        {
            A = g.Histogram(e => e.Amount, 10, 20.5, 50), B = g.Histogram(e => e.Float64Maybe, -1e300, -1, 0, double.Epsilon, 1), C = g.Histogram(e => e.Int64, 0), D = g.Histogram(e => e.MoneyMaybe, Edges),
        })),
        Of(View.Of<AnyEvent>("distinct_exact").GroupBy(e => e.Small).Select(g => new
        {
            A = g.CountDistinct(e => e.TextMaybe, 1000), B = g.CountDistinct(e => e.Float64, 4, WhenExceeded.Approximate), C = g.CountDistinct(e => e.PayloadMaybe, 3, WhenExceeded.Approximate), D = g.CountDistinct(e => e.Money, 1000),
            E = g.CountDistinct(e => e.Moment, 2, WhenExceeded.Approximate), F = g.CountDistinct(e => e.IdMaybe, 1000, WhenExceeded.Fail), G = g.CountDistinct(e => e.StageMaybe, 1000), H = g.CountDistinct(e => e.Flag, 2),
        })),
        Of(View.Of<AnyEvent>("distinct_fails").GroupBy(e => e.Category).Select(g => new { N = g.Count(), A = g.CountDistinct(e => e.Small, 5) })),
        Of(View.Of<AnyEvent>("tops").GroupBy(e => e.Flag).Select(g => new
        {
            A = g.TopK(e => e.Category, 2), B = g.TopK(e => e.Float64Maybe, 20, 20), C = g.TopK(e => e.Text, 5, 16), D = g.TopK(e => e.Sequence, 16, 16), E = g.TopK(e => e.StageMaybe, 3), F = g.TopK(e => e.Payload, 16, 16),
            G = g.TopK(e => e.Moment, 3, 100), H = g.TopK(e => e.MoneyMaybe, 4, 16), I = g.TopK(e => e.Id, 1), J = g.TopK(e => e.Day, 2, 16), K = g.TopK(e => e.Category, 1),
        })),
        Of(View.Of<AnyEvent>("lists").GroupBy(e => new { Hour = Window.Hour(e.At), e.Flag }).Select(g => new
        {
            A = g.LastN(e => e.Text, 3), B = g.FirstN(e => e.TextMaybe, 3), C = g.LastN(e => e.Float64, 1), D = g.FirstN(e => e.MomentMaybe, 100), E = g.LastN(e => e.Payload, 4), F = g.FirstN(e => e.Stage, 2), G = g.LastN(e => e.Money, 5),
        })),
        Of(View.Of<AnyEvent>("list_alone").GroupBy(e => e.Category).Select(g => g.LastN(e => e.Sequence, 4))),
    ];
}
