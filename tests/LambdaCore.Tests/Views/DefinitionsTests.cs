using System.Linq.Expressions;
using LambdaCore.Values;
using LambdaCore.Views;
using NUnit.Framework;

namespace LambdaCore.Tests.Views;

public readonly record struct SpanKey(DateTimeOffset Start, string Text);

public sealed record Stats(long Events, double Rate);

public sealed record Initialized
{
    public int Number { get; set; }

    public string? Name { get; set; }
}

/// <summary>What definitions may say, what they are refused for, and what is made of them.</summary>
[TestFixture]
internal sealed class DefinitionsTests
{
    private static readonly string Wanted = "x";

    private static ViewBuilder<Anything> Events => View.Of<Anything>("events");

    [TestCase("e => e.Text.PadLeft(3) == \"a\"", "e.Text.PadLeft(3)", "ToLowerInvariant")]
    [TestCase("e => e.Text.ToLower()", "e.Text.ToLower()", "ToLowerInvariant()")]
    [TestCase("e => e.Text.StartsWith(\"a\", StringComparison.OrdinalIgnoreCase)", "StartsWith", "StringComparison.Ordinal")]
    [TestCase("e => e.FlagN & e.Flag", "e.FlagN", "== true")]
    [TestCase("e => e.Bytes == other", "e.Bytes", "compared with null")]
    [TestCase("e => e.Time.ToString() == \"\"", "e.Time.ToString()", "by the value itself")]
    [TestCase("e => e.I32 << 2 == 4", "e.I32 << 2", "Use comparisons")]
    [TestCase("e => Math.Sin(e.F64) > 0", "Sin(e.F64)", "Sqrt")]
    [TestCase("e => e == null", "(e == null)", "Leave the test out")]
    [TestCase("e => e.Time.DateTime > now", "e.Time.DateTime", "UtcDateTime")]
    [TestCase("e => e.Dec > 0.0000000001m", "0.0000000001", "decimal.Round")]
    public void What_cannot_be_translated_is_refused_with_its_name_and_advice(string name, string part, string advice)
    {
        byte[] other = [1];
        DateTime now = DateTime.UtcNow;
        Expression<Func<Anything, bool>> predicate = name switch
        {
            "e => e.Text.PadLeft(3) == \"a\"" => e => e.Text.PadLeft(3) == "a",
            "e => e.Text.ToLower()" => e => e.Text.ToLower() + "b" == "ab",
            "e => e.Text.StartsWith(\"a\", StringComparison.OrdinalIgnoreCase)" => e => e.Text.StartsWith("a", StringComparison.OrdinalIgnoreCase),
            "e => e.FlagN & e.Flag" => e => (bool)(e.FlagN & e.Flag)!,
            "e => e.Bytes == other" => e => e.Bytes == other,
            "e => e.Time.ToString() == \"\"" => e => e.Time.ToString() == "",
            "e => e.I32 << 2 == 4" => e => e.I32 << 2 == 4,
            "e => Math.Sin(e.F64) > 0" => e => Math.Sin(e.F64) > 0,
            "e => e == null" => e => e == null!,
            "e => e.Time.DateTime > now" => e => e.Time.DateTime > now,
            _ => e => e.Dec > 0.0000000001m,
        };
        Assert.That(() => Events.Where(predicate), Throws.TypeOf<ViewDefinitionException>().With.Message.Contains(part).And.Message.Contains(advice).And.Message.StartsWith("View 'events': "));
    }

    [Test]
    public void A_key_or_extreme_that_may_be_missing_needs_a_nullable_type()
    {
        Assert.That(() => Events.GroupBy(e => new { Sum = e.I32 + e.I16 }), Throws.TypeOf<ViewDefinitionException>().With.Message.Contains("(Int32?)(...)"));
        Assert.That(() => Events.GroupBy(e => e.I32 / e.I16), Throws.TypeOf<ViewDefinitionException>());
        Assert.That(() => Events.GroupBy(e => new SpanKey(e.TimeN!.Value, e.Text)), Throws.TypeOf<ViewDefinitionException>().With.Message.Contains("column Start cannot"));
        Assert.That(() => Events.GroupBy(e => e.Flag).Select(g => g.MaxBy(e => e.I64, e => e.I32N)), Throws.TypeOf<ViewDefinitionException>().With.Message.Contains("e.I32N").And.Message.Contains("(Int64?)"));
        Assert.That(() => Events.GroupBy(e => e.Flag).Select(g => g.MinBy(e => e.I64 / e.I32, e => e.I32)), Throws.TypeOf<ViewDefinitionException>());
        Assert.That(() => Events.GroupBy(e => e.Flag).Select(g => g.Max(e => e.I64 * 2)), Throws.TypeOf<ViewDefinitionException>().With.Message.Contains("Max(e => (Int64?)(...)"));
        Assert.That(() => Events.GroupBy(e => new { Sum = (int?)(e.I32 + e.I16), Small = e.I8 + e.I16, Long = (long)e.I32 * e.I32, Half = e.I32 / 2, Rest = e.I32 % 10 }), Throws.Nothing);
    }

    [Test]
    public void Names_and_groups_are_checked()
    {
        Assert.That(() => View.Of<Anything>("a b"), Throws.TypeOf<ViewDefinitionException>());
        Assert.That(() => View.Of<Anything>("../x"), Throws.TypeOf<ViewDefinitionException>());
        Assert.That(() => Events.GroupBy(e => e.Flag).Select(g => g.ToString()), Throws.TypeOf<ViewDefinitionException>().With.Message.Contains("no aggregate"));
        Assert.That(() => Events.GroupBy(e => e.Flag).Select(g => new { g }), Throws.TypeOf<ViewDefinitionException>());
        Func<Anything, bool> predicate = e => e.Flag;
        Assert.That(() => Events.GroupBy(e => e.Flag).Select(g => g.Count(predicate)), Throws.TypeOf<ViewDefinitionException>().With.Message.Contains("Count(e => ...)"));
        Assert.That(() => Events.GroupBy(e => e.Flag).Select(g => g.Any(predicate)), Throws.TypeOf<ViewDefinitionException>().With.Message.Contains("Any(e => ...)"));
        Assert.That(() => Events.GroupBy(e => e.Flag).Select(g => g.Sum(e => (long?)e.Span.Days) + g.ApproxDistinct(e => e.Text, 99)), Throws.TypeOf<ViewDefinitionException>());
    }

    [Test]
    public void Captured_variables_and_fields_become_constants_when_the_view_is_defined()
    {
        string text = "it's";
        ViewDefinition<Anything> view = Events.Where(e => e.Text == text || e.Text == Wanted).GroupBy(e => e.Flag).Select(g => g.Count());
        text = "changed";
        Assert.That(view.Explain(), Does.Contain("\"Text\" = 'it''s' OR \"Text\" = 'x'").Or.Contain("(\"Text\" = 'it''s') OR (\"Text\" = 'x')"));
    }

    [Test]
    public void Columns_are_named_after_the_members_they_flow_into_and_stay_apart()
    {
        ViewDefinition<Anything> view = Events.GroupBy(e => new { Events = e.Text, e.Flag }).Select(g => new
        {
            events = g.Count(), Rate = (double)g.Count(e => e.Flag) / g.Count(), Mean = g.Average(e => e.I32), Mean_sum = g.Max(e => e.I32), Again = g.Average(e => e.I32),
        });
        Assert.That(view.Plan.StateColumns.Select(c => c.Name), Is.EqualTo(new[] { "events_2", "Rate_1", "Mean_sum", "Mean_count", "Mean_sum_2" }));
    }

    [Test]
    public void Keys_may_be_initialized_and_results_may_be_any_expression()
    {
        int factor = 3;
        ViewDefinition<Anything, Initialized, string> view = Events.GroupBy(e => new Initialized { Number = e.I32, Name = e.TextN })
            .Select(g => $"{g.Key.Name}:{g.Count() * factor}");
        Assert.That(view.Plan.Keys.Select(k => $"{k.Name} {k.Type}"), Is.EqualTo(new[] { "Number Int32", "Name String?" }));
        Assert.That(view.Plan.StateColumns.Select(c => c.Name), Is.EqualTo(new[] { "value_1" }));
    }

    [Test]
    public void The_fingerprint_follows_the_meaning_and_not_the_names_of_variables()
    {
        string a = "x";
        string b = "x";
        ViewDefinition<Anything> first = Events.Where(e => e.Text == a).GroupBy(e => Window.Hour(e.Time)).Select(g => new { N = g.Count() });
        ViewDefinition<Anything> second = View.Of<Anything>("other").Where(item => item.Text == b).GroupBy(item => Window.Of(item.Time, TimeSpan.FromHours(1))).Select(rows => new { N = rows.Count() });
        ViewDefinition<Anything> third = Events.Where(e => e.Text != a).GroupBy(e => Window.Hour(e.Time)).Select(g => new { N = g.Count() });
        ViewDefinition<Anything> fourth = Events.Where(e => e.Text == a).GroupBy(e => Window.Hour(e.Time)).Select(g => new { M = g.Count() });
        Assert.That(second.Plan.Fingerprint, Is.EqualTo(first.Plan.Fingerprint));
        Assert.That(new[] { third.Plan.Fingerprint, fourth.Plan.Fingerprint }, Has.None.EqualTo(first.Plan.Fingerprint));
        Assert.That(first.Plan.Fingerprint, Has.Length.EqualTo(64));
    }

    [Test]
    public void Windows_start_in_UTC_and_weeks_on_Mondays_also_before_1970()
    {
        DateTimeOffset time = new(1969, 12, 31, 23, 59, 58, 999, TimeSpan.FromHours(2));
        Assert.That(Window.Minute(time), Is.EqualTo(new DateTimeOffset(1969, 12, 31, 21, 59, 0, TimeSpan.Zero)));
        Assert.That(Window.Hour(time), Is.EqualTo(new DateTimeOffset(1969, 12, 31, 21, 0, 0, TimeSpan.Zero)));
        Assert.That(Window.Day(time), Is.EqualTo(new DateTimeOffset(1969, 12, 31, 0, 0, 0, TimeSpan.Zero)));
        Assert.That(Window.Of(time, TimeSpan.FromDays(7)).DayOfWeek, Is.EqualTo(DayOfWeek.Monday));
        Assert.That(Window.Of(DateTimeOffset.MinValue, TimeSpan.FromHours(13)), Is.EqualTo(DateTimeOffset.MinValue));
        Assert.That(() => Window.Of(time, TimeSpan.Zero), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => Window.Hour(new DateTime(2020, 1, 1)), Throws.ArgumentException);
    }

    [Test]
    public void A_condition_on_keys_pins_the_columns_that_it_compares_with_values()
    {
        DateTimeOffset start = DateTimeOffset.UnixEpoch;
        int tooLarge = 300;
        KeyShape shape = Events.GroupBy(e => new { Hour = Window.Hour(e.Time), e.TextN, e.Tint, e.Flag, e.U8 }).Select(g => g.Count()).Key;
        Assert.That(PinsOf(Events.GroupBy(e => new { Hour = Window.Hour(e.Time), e.TextN, e.Tint, e.Flag, e.U8 }).Select(g => g.Count()),
            k => k.Hour == start && "a" == k.TextN && k.Tint == Tint.Red && !k.Flag && k.U8 == 7 && k.U8 > 3), Is.EqualTo(new[] { 0, 1, 2, 3, 4 }));
        Assert.That(PinsOf(Events.GroupBy(e => new { e.TextN, e.U8 }).Select(g => g.Count()), k => k.TextN == null && k.U8 == tooLarge), Is.EqualTo(new[] { 0 }));
        Assert.That(PinsOf(Events.GroupBy(e => e.I32).Select(g => g.Count()), k => k == 5), Is.EqualTo(new[] { 0 }));
        Assert.That(PinsOf(Events.GroupBy(e => e.I32).Select(g => g.Count()), k => k == 5 || k == 6), Is.Empty);
        Assert.That(shape.Members, Has.Count.EqualTo(5));
    }

    [Test]
    public void A_pin_has_the_bytes_of_the_column_in_the_key()
    {
        ViewDefinition<Anything, SpanKey, long> view = Events.GroupBy(e => new SpanKey(Window.Hour(e.Time), e.Text)).Select(g => g.Count());
        IReadOnlyList<KeyPin> pins = KeyPins.Of<SpanKey>(view.Key, k => k.Text == "ab" && k.Start == DateTimeOffset.UnixEpoch);
        ByteWriter key = new();
        KeyCompiler.WriteKey<SpanKey>(view.Key.Members)(new SpanKey(DateTimeOffset.UnixEpoch, "ab"), key);
        byte[] pinned = [.. pins.Single(p => p.Column == 0).Bytes.Span, .. pins.Single(p => p.Column == 1).Bytes.Span];
        Assert.That(pinned, Is.EqualTo(key.Written.ToArray()));
    }

    [Test]
    public void An_explanation_shows_keys_filter_aggregates_errors_and_SQL()
    {
        ViewDefinition<Anything> view = View.Of<Anything>("hourly").Where(e => e.Text != "heartbeat" && e.F64N > 0.5)
            .GroupBy(e => new { Hour = Window.Hour(e.Time), e.Text }).Select(g => new { Events = g.Count(), Users = g.ApproxDistinct(e => e.TextN), Odd = g.Count(e => e.I32 % 2 != 0) });
        const string expected = """
            view hourly over Anything
              key       Hour: Timestamp, windows of 01:00:00 = epoch_us("Time") - (epoch_us("Time") + 62135596800000000) % 3600000000
              key       Text: String = "Text"
              filter    ("Text" <> 'heartbeat') AND ("F64N" > 0.5e0 AND NOT isnan("F64N"))
              aggregate Count() in Events: Int64
              aggregate ApproxDistinct("TextN") with precision 12 in Users: Sketch, standard error 1.63 %
              aggregate Count() where ("I32" % 2) <> 0 in Odd: Int64
            """;
        Assert.That(view.Explain(), Does.StartWith(expected.ReplaceLineEndings("\n")).And.Contain("  meaning   " + view.Plan.Fingerprint).And.Contain("GROUP BY 1, 2"));
    }

    [Test]
    public void A_group_cannot_be_called() =>
        Assert.That(typeof(EventGroup<Anything, int>).GetConstructors(), Is.Empty);

    private static int[] PinsOf<TKey, TResult>(ViewDefinition<Anything, TKey, TResult> view, Expression<Func<TKey, bool>> condition) =>
        [.. KeyPins.Of(view.Key, condition).Select(p => p.Column).Order()];
}
