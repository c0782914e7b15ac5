using System.Linq.Expressions;
using LambdaCore.Values;
using LambdaCore.Views;
using NUnit.Framework;

namespace LambdaCore.Tests.Views;

/// <summary>A translated expression means what C# means by the lambda itself, wherever that has a value.</summary>
[TestFixture]
internal sealed class MeaningTests
{
    private static readonly List<string> Words = ["a", "it's", "\U0001F600"];

    private static readonly Tint[] Tints = [Tint.Red, Tint.Green];

    private static readonly LambdaExpression[] Lambdas =
    [
        Of(e => e.Flag && e.I32 > 0 || !e.Flag), Of(e => e.Flag ^ e.I32 > 0), Of(e => e.FlagN == true), Of(e => e.FlagN != false), Of(e => e.FlagN ?? true), Of(e => e.FlagN == null), Of(e => e.FlagN.HasValue),
        Of(e => checked(e.I32 + e.I16)), Of(e => checked(e.I8 - e.U8)), Of(e => checked(e.I64 * e.I32)), Of(e => e.I32 / e.I16), Of(e => e.I32 % 7), Of(e => checked(e.U32 - e.U16)), Of(e => checked(e.U64 * e.U8)), Of(e => checked(-e.I64)),
        Of(e => e.I32 == e.I16N), Of(e => e.I32N == e.I16N), Of(e => e.I32N != e.I16N), Of(e => e.I32N < e.I64), Of(e => e.I32N >= e.U8N), Of(e => (e.I32N ?? 5) > 3), Of(e => e.I32N.GetValueOrDefault()), Of(e => e.I32N.GetValueOrDefault(9)),
        Of(e => e.F32 * 2 + e.F64), Of(e => e.F64 / e.I32), Of(e => e.F64 % 3), Of(e => -e.F64), Of(e => e.F64 == e.F64N), Of(e => e.F64 != e.F64N), Of(e => e.F64 > e.F64N), Of(e => e.F64 <= 0.5), Of(e => e.F32 == e.F64),
        Of(e => Math.Abs(e.I32)), Of(e => Math.Min(e.I64, e.I32)), Of(e => Math.Max(e.U32, 7u)), Of(e => Math.Floor(e.F64)), Of(e => Math.Ceiling(e.Dec)), Of(e => Math.Round(e.F64)), Of(e => Math.Truncate(e.F64)), Of(e => Math.Sqrt(e.F64)),
        Of(e => e.Dec > e.DecN), Of(e => -e.Dec), Of(e => Math.Round(e.Dec)), Of(e => checked((int)e.I64)), Of(e => checked((byte)e.I32)), Of(e => (long)e.U32), Of(e => (double)e.I64), Of(e => (decimal)e.U64), Of(e => checked((ulong)e.I32)), Of(e => (int)e.Dec),
        Of(e => e.Text + e.TextN), Of(e => e.Text + "x" + e.TextN + "y"), Of(e => e.Text == e.TextN), Of(e => e.Text != "a"), Of(e => e.TextN == null), Of(e => e.TextN ?? "none"), Of(e => string.IsNullOrEmpty(e.TextN)), Of(e => string.IsNullOrWhiteSpace(e.TextN)),
        Of(e => e.Text.Contains("ab")), Of(e => e.Text.Contains('a')), Of(e => e.Text.StartsWith('a')), Of(e => e.Text.EndsWith("\U0001F600", StringComparison.Ordinal)), Of(e => e.Text.Length), Of(e => e.Text.ToUpperInvariant()), Of(e => e.Text.Trim()),
        Of(e => e.Text.Substring(0, 1)), Of(e => e.Text.Substring(2)), Of(e => e.Text.Replace("a", "bb")), Of(e => e.Text.Equals("a")), Of(e => string.Equals(e.Text, e.TextN, StringComparison.Ordinal)), Of(e => string.Concat(e.Text, e.TextN, "z")),
        Of(e => Words.Contains(e.Text)), Of(e => Tints.Contains(e.Tint)), Of(e => new int?[] { 1, null }.Contains(e.I32N)), Of(e => e.Tint == Tint.Red), Of(e => e.TintN == Tint.Green), Of(e => (int)e.Tint + 1), Of(e => e.Weekday), Of(e => e.Weekday > DayOfWeek.Monday),
        Of(e => e.Time.Year), Of(e => e.Time.Month), Of(e => e.Time.Day), Of(e => e.Time.Hour), Of(e => e.Time.Minute), Of(e => e.Time.Second), Of(e => e.Time.Millisecond), Of(e => e.Time.DayOfWeek), Of(e => e.Moment.DayOfYear), Of(e => e.Time.UtcDateTime), Of(e => e.Moment.Hour),
        Of(e => e.Time > e.TimeN), Of(e => e.Time == e.Moment), Of(e => DateOnly.FromDateTime(e.Moment)), Of(e => e.Date.Year), Of(e => e.Date.DayOfWeek), Of(e => e.Date.DayNumber), Of(e => e.Date < e.DateN), Of(e => Window.Hour(e.Time)), Of(e => Window.Of(e.Moment, TimeSpan.FromMinutes(7))),
        Of(e => e.Span.Days), Of(e => e.Span.Hours), Of(e => e.Span.Minutes), Of(e => e.Span.Seconds), Of(e => e.Span.Ticks), Of(e => e.Span.TotalHours), Of(e => e.Span.TotalSeconds), Of(e => e.Span + e.SpanN), Of(e => e.Span - TimeSpan.FromDays(1)), Of(e => -e.Span), Of(e => e.Span > e.SpanN),
        Of(e => e.Id == e.IdN), Of(e => e.BytesN == null), Of(e => e.Flag ? e.I32 : e.I32N), Of(e => e.I32 > 0 ? e.Text : null), Of(e => e.I32N!.Value + 1L), Of(e => e.U8 == 7), Of(e => e.I16N == -1),
    ];

    [Test]
    public void A_translated_expression_gives_what_the_lambda_gives()
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("LAMBDACORE_SEED"), out int given) ? given : Random.Shared.Next();
        NastyValues values = new(seed);
        Anything[] events = [.. Enumerable.Range(0, 2000).Select(_ => WholeMicroseconds(values.Event()))];
        foreach (LambdaExpression lambda in Lambdas)
        {
            Func<Anything, object?> own = Compile(lambda.Parameters[0], ClrType.ToRepresentation(lambda.Body));
            ParameterExpression @event = Expression.Parameter(typeof(Anything));
            Scalar scalar = new ScalarTranslator("meaning", EventSchema.Of(typeof(Anything)), lambda.Parameters[0]).Value(lambda.Body);
            Func<Anything, object?> translated = Compile(@event, new ScalarCode(@event).Write(scalar));
            int compared = 0;
            foreach (Anything item in events)
            {
                object? expected;
                try
                {
                    expected = own(item);
                }
                catch (Exception error) when (error is OverflowException or DivideByZeroException or InvalidOperationException or ArgumentOutOfRangeException)
                {
                    continue;
                }

                if (expected is string text && text.EnumerateRunes().Any(r => r == System.Text.Rune.ReplacementChar))
                {
                    // Cut inside a surrogate pair.
                    continue;
                }

                compared++;
                Assert.That(Shown(translated(item)), Is.EqualTo(Shown(expected)), () => $"LAMBDACORE_SEED={seed} {lambda} as {scalar} of {item}");
            }

            Assert.That(compared, Is.GreaterThan(20), () => $"{lambda} has hardly ever a value");
        }
    }

    // Finer parts of a time are cut off when an event is appended.
    private static Anything WholeMicroseconds(Anything item) => item with
    {
        Time = Cut(item.Time),
        TimeN = item.TimeN is { } time ? Cut(time) : null,
        Moment = Cut(item.Moment).UtcDateTime,
        MomentN = item.MomentN is { } moment ? Cut(moment).UtcDateTime : null,
    };

    private static DateTimeOffset Cut(DateTimeOffset time) => UnixTime.ToDateTimeOffset(UnixTime.FromDateTimeOffset(time));

    // Narrowing conversions of floating-point numbers to whole ones are unchecked in C# and have no meaning out of range, so none stands above.
    private static object? Shown(object? value) => value switch
    {
        double v => double.IsNaN(v) ? "NaN" : v == 0 ? 0.0 : v,
        float v => float.IsNaN(v) ? "NaN" : v == 0 ? 0f : v,
        decimal v => DecimalUnits.FromDecimal(v),
        _ => value,
    };

    private static Func<Anything, object?> Compile(ParameterExpression parameter, Expression body) =>
        Expression.Lambda<Func<Anything, object?>>(Expression.Convert(body, typeof(object)), parameter).Compile();

    private static Expression<Func<Anything, T>> Of<T>(Expression<Func<Anything, T>> lambda) => lambda;
}
