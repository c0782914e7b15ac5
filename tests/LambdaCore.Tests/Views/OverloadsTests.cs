using LambdaCore.Tests.Aggregates;
using NUnit.Framework;

namespace LambdaCore.Tests.Views;

/// <summary>An enum with a narrow underlying type.</summary>
public enum Tint : byte
{
    None,
    Red,
    Green,
}

/// <summary>An event with every supported property type, plain and nullable.</summary>
public sealed record Anything(
    DateTimeOffset Time,
    bool Flag, bool? FlagN,
    sbyte I8, sbyte? I8N, byte U8, byte? U8N,
    short I16, short? I16N, ushort U16, ushort? U16N,
    int I32, int? I32N, uint U32, uint? U32N,
    long I64, long? I64N, ulong U64, ulong? U64N,
    float F32, float? F32N, double F64, double? F64N,
    decimal Dec, decimal? DecN,
    string Text, string? TextN,
    Guid Id, Guid? IdN,
    DateTimeOffset? TimeN,
    DateTime Moment, DateTime? MomentN,
    DateOnly Date, DateOnly? DateN,
    TimeSpan Span, TimeSpan? SpanN,
    Tint Tint, Tint? TintN, DayOfWeek Weekday,
    byte[] Bytes, byte[]? BytesN);

/// <summary>What a user writes must compile without casts for every type of property, and give the types that it promises.</summary>
[TestFixture]
internal sealed class OverloadsTests
{
    [Test]
    public void Every_aggregate_takes_every_number_without_a_cast()
    {
        ViewDefinition<Anything> view = View.Of<Anything>("numbers").GroupBy(e => e.Flag).Select(g => new
        {
            SByte = g.Sum(e => e.I8), Byte = g.Sum(e => e.U8), Short = g.Sum(e => e.I16), UShort = g.Sum(e => e.U16), Int = g.Sum(e => e.I32),
            UInt = g.Sum(e => e.U32), Long = g.Sum(e => e.I64), ULong = g.Sum(e => e.U64), Float = g.Sum(e => e.F32), Double = g.Sum(e => e.F64), Decimal = g.Sum(e => e.Dec),
            SByteN = g.Sum(e => e.I8N), ByteN = g.Sum(e => e.U8N), ShortN = g.Sum(e => e.I16N), IntN = g.Sum(e => e.I32N), UIntN = g.Sum(e => e.U32N),
            LongN = g.Sum(e => e.I64N), ULongN = g.Sum(e => e.U64N), FloatN = g.Sum(e => e.F32N), DoubleN = g.Sum(e => e.F64N), DecimalN = g.Sum(e => e.DecN),
            AByte = g.Average(e => e.U8), AShort = g.Average(e => e.I16), AInt = g.Average(e => e.I32), AUInt = g.Average(e => e.U32), ALong = g.Average(e => e.I64),
            AULong = g.Average(e => e.U64), AFloat = g.Average(e => e.F32), ADouble = g.Average(e => e.F64), ADecimal = g.Average(e => e.Dec),
            AByteN = g.Average(e => e.U8N), AIntN = g.Average(e => e.I32N), AUIntN = g.Average(e => e.U32N), ALongN = g.Average(e => e.I64N), AULongN = g.Average(e => e.U64N),
            AFloatN = g.Average(e => e.F32N), ADoubleN = g.Average(e => e.F64N), ADecimalN = g.Average(e => e.DecN),
        });
        Assert.That(view.Plan.Aggregates, Has.Count.EqualTo(38));
    }

    [Test]
    public void Extremes_and_values_by_time_have_the_type_of_their_selector()
    {
        ViewDefinition<Anything> view = View.Of<Anything>("values").GroupBy(e => e.Text).Select(g => new
        {
            A = (byte)g.Min(e => e.U8), B = (Tint)g.Max(e => e.Tint), C = (Tint?)g.Max(e => e.TintN), D = (DateTimeOffset)g.Earliest(e => e.Time),
            E = (string)g.Latest(e => e.Text), F = (string?)g.Latest(e => e.TextN), G = (DateOnly?)g.Min(e => e.DateN), H = (TimeSpan)g.Max(e => e.Span),
            I = (Guid)g.Min(e => e.Id), J = (bool)g.Max(e => e.Flag), K = (bool?)g.Max(e => e.FlagN), L = (byte[])g.Latest(e => e.Bytes), M = (DateTime)g.Latest(e => e.Moment),
            N = (float)g.Max(e => e.F32), O = (decimal?)g.Min(e => e.DecN), P = (ulong)g.Max(e => e.U64), Q = (DayOfWeek)g.Latest(e => e.Weekday),
        });
        Assert.That(view.Plan.StateColumns.Select(c => c.Name), Is.SupersetOf(new[] { "A", "E_order", "E_value", "G" }));
    }

    [Test]
    public void Ratios_take_every_number_and_values_by_another_take_any_two()
    {
        ViewDefinition<Anything> view = View.Of<Anything>("ratios").GroupBy(e => e.Text).Select(g => new
        {
            A = (double?)g.Ratio(e => e.I8, e => e.U8N), B = (double?)g.Ratio(e => e.I32, e => e.I64), C = (double?)g.Ratio(e => e.F32, e => e.I32), D = (double?)g.Ratio(e => e.F64N, e => e.F64),
            E = (decimal?)g.Ratio(e => e.Dec, e => e.DecN), F = (decimal?)g.Ratio(e => e.Dec, e => e.I32), G = (decimal?)g.Ratio(e => (decimal)e.U64, e => e.U8),
            H = (bool)g.Any(e => e.Flag), I = (bool)g.All(e => e.FlagN == true), J = (double)g.Share(e => e.I32 > 0), Count = g.Count(), Flags = g.Count(e => e.Flag),
            K = (string)g.MinBy(e => e.Text, e => e.F64), L = (int)g.MaxBy(e => e.I32, e => e.Time), M = (Tint?)g.MaxBy(e => e.TintN, e => e.TextN), N = (byte[]?)g.MinBy(e => e.BytesN, e => e.Id),
        });
        Assert.That(view.Plan.Aggregates.Count(a => a.Function.Name == "Count"), Is.EqualTo(4), "Any, All and Share use the counts that are there");
        Assert.That(view.Plan.StateColumns.Select(c => c.Name), Is.SupersetOf(new[] { "K_by", "K_order", "K_value" }));
    }

    [Test]
    public void Aggregates_of_the_user_need_no_types_to_be_named()
    {
        ViewDefinition<Anything> view = View.Of<Anything>("own").GroupBy(e => e.Text).Select(g => new
        {
            A = (double?)g.Aggregate(default(GeometricMean), e => e.F64), B = (double?)g.Aggregate(default(GeometricMean), e => e.F64N), C = (double?)g.Aggregate(default(GeometricMean), e => e.I32), D = (double?)g.Aggregate(default(GeometricMean), e => e.I32N),
            E = (IReadOnlyList<string>)g.Aggregate(default(DistinctTexts), e => e.Text), F = g.Aggregate(default(DistinctTexts), e => e.TextN)[0], G = g.Aggregate(default(WeightedSum), e => e.I64, e => e.I32N).Sum, H = g.Aggregate(default(WeightedSum), e => e.I32, e => e.I16),
            I = g.Aggregate(default(Seen<DateTimeOffset>), e => e.Time), J = g.Aggregate(default(Seen<Tint?>), e => e.TintN), K = g.Aggregate(default(Seen<Tint>), e => e.TintN), L = g.Aggregate(default(Seen<byte[]>), e => e.BytesN),
        });
        Assert.That(view.Plan.Aggregates, Has.Count.EqualTo(12));
        Assert.That(view.Explain(), Does.Contain("aggregate GeometricMean(\"F64\") with LambdaCore.Tests.Aggregates.GeometricMean version 1 in A: Binary"));
    }

    [Test]
    public void Counts_take_conditions_and_distinct_counts_take_anything()
    {
        int[] wanted = [1, 2];
        ViewDefinition<Anything> view = View.Of<Anything>("counts").GroupBy(e => new { Hour = Window.Hour(e.Time), e.Tint }).Select(g => new
        {
            g.Key.Hour,
            All = g.Count(), Some = g.Count(e => e.I32 == 1 && e.Flag), In = g.Count(e => wanted.Contains(e.I32)),
            Users = g.ApproxDistinct(e => e.Text), Ids = g.ApproxDistinct(e => e.IdN, 10), Tints = g.ApproxDistinct(e => e.Tint),
            Rate = (double)g.Count(e => e.Flag) / g.Count(),
        });
        Assert.That(view.Plan.StateColumns.Select(c => c.Name), Is.EqualTo(new[] { "All", "Some", "In", "Users", "Ids", "Tints", "Rate_1" }));
    }
}
