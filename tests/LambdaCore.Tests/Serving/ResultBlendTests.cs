using System.Numerics;
using LambdaCore.Serving;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Serving;

/// <summary>The weighted mean of two results, member by member.</summary>
[TestFixture]
internal sealed class ResultBlendTests
{
    private static readonly BatchShare Quarter = new(1, 4);
    private static readonly BatchShare Half = new(1, 2);

    [Test]
    public void Whole_numbers_are_rounded_half_to_even_as_a_whole()
    {
        Assert.Multiple(() =>
        {
            Assert.That(Blend(0L, 1L, Half), Is.EqualTo(0));
            Assert.That(Blend(1L, 2L, Half), Is.EqualTo(2));
            Assert.That(Blend(1L, 0L, Half), Is.EqualTo(0));
            Assert.That(Blend(2L, 1L, Half), Is.EqualTo(2));
            Assert.That(Blend(-1L, -2L, Half), Is.EqualTo(-2));
            Assert.That(Blend(-3L, -2L, Half), Is.EqualTo(-2));
            Assert.That(Blend(3, -4, Half), Is.EqualTo(0));
            Assert.That(Blend(0, 3, Quarter), Is.EqualTo(1));
            Assert.That(Blend(0, 1, Quarter), Is.EqualTo(0));
            Assert.That(Blend(10, 20, new BatchShare(1, 3)), Is.EqualTo(13));
        });
    }

    [Test]
    public void The_widest_whole_numbers_meet_in_the_middle_without_overflow()
    {
        BatchShare almost = new(long.MaxValue - 1, long.MaxValue);
        Assert.Multiple(() =>
        {
            Assert.That(Blend(long.MinValue, long.MaxValue, Half), Is.EqualTo(0), "The middle is one half below zero, and zero is even.");
            Assert.That(Blend(long.MaxValue, long.MinValue, almost), Is.EqualTo(long.MinValue + 2));
            Assert.That(Blend(ulong.MinValue, ulong.MaxValue, almost), Is.EqualTo(ulong.MaxValue - 2));
            Assert.That(Blend(sbyte.MinValue, sbyte.MaxValue, Half), Is.EqualTo((sbyte)0));
            Assert.That(Blend((byte)255, (byte)0, Quarter), Is.EqualTo((byte)191));
            Assert.That(Blend(short.MinValue, short.MaxValue, Quarter), Is.EqualTo((short)-16384));
            Assert.That(Blend(ushort.MaxValue, ushort.MinValue, Half), Is.EqualTo((ushort)32768));
            Assert.That(Blend(uint.MaxValue, uint.MinValue, Half), Is.EqualTo(2147483648u));
        });
    }

    [Test]
    public void Means_of_whole_numbers_are_those_of_exact_fractions()
    {
        Random random = Seed.Random(out int seed);
        for (int i = 0; i < 20_000; i++)
        {
            long a = random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64);
            long b = random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64);
            long whole = 1 + (random.NextInt64(long.MaxValue) >> random.Next(62));
            long part = random.Next(5) == 0 ? whole / 2 : random.NextInt64(whole + 1);
            BigInteger twice = 2 * (((BigInteger)a * (whole - part)) + ((BigInteger)b * part));
            long mean = Blend(a, b, new BatchShare(part, whole));
            BigInteger off = BigInteger.Abs(twice - (2 * (BigInteger)mean * whole));
            Assert.That(off < whole || (off == whole && mean % 2 == 0), $"{a} and {b} at {part}/{whole} gave {mean}, seed {seed}");
        }
    }

    [Test]
    public void Floating_point_numbers_lie_between_and_are_themselves_where_equal()
    {
        Assert.Multiple(() =>
        {
            Assert.That(Blend(1.0, 2.0, Quarter), Is.EqualTo(1.25));
            Assert.That(Blend(0.1, 0.1, new BatchShare(1, 3)), Is.EqualTo(0.1));
            Assert.That(Blend(double.MaxValue, -double.MaxValue, Half), Is.Zero);
            Assert.That(Blend(double.MaxValue, Math.BitDecrement(double.MaxValue), new BatchShare(1, 3)), Is.InRange(Math.BitDecrement(double.MaxValue), double.MaxValue));
            Assert.That(Blend(1f, 3f, Half), Is.EqualTo(2f));
            Assert.That(Blend(float.MaxValue, float.MinValue, Half), Is.Zero);
        });
    }

    [Test]
    public void A_number_that_is_missing_or_not_finite_on_either_side_is_the_real_time_one()
    {
        Assert.Multiple(() =>
        {
            Assert.That(Blend(double.NaN, 1.0, Half), Is.NaN);
            Assert.That(Blend(1.0, double.NaN, Half), Is.EqualTo(1.0));
            Assert.That(Blend(1.0, double.PositiveInfinity, Half), Is.EqualTo(1.0));
            Assert.That(Blend(double.NegativeInfinity, 1.0, Half), Is.EqualTo(double.NegativeInfinity));
            Assert.That(Blend(float.NaN, 1f, Half), Is.NaN);
            Assert.That(Blend<double?>(null, 1, Half), Is.Null);
            Assert.That(Blend<double?>(1, null, Half), Is.EqualTo(1));
            Assert.That(Blend<double?>(1, 2, Half), Is.EqualTo(1.5));
            Assert.That(Blend<int?>(1, null, Half), Is.EqualTo(1));
            Assert.That(Blend<int?>(1, 4, Half), Is.EqualTo(2));
            Assert.That(Blend<decimal?>(null, 4, Half), Is.Null);
            Assert.That(Blend<decimal?>(1, 4, Half), Is.EqualTo(2.5m));
            Assert.That(Blend<float?>(1, 2, Half), Is.EqualTo(1.5f));
        });
    }

    [Test]
    public void Decimals_stay_decimal_and_do_not_overflow()
    {
        Assert.Multiple(() =>
        {
            Assert.That(Blend(0.1m, 0.3m, Half), Is.EqualTo(0.2m));
            Assert.That(Blend(10.01m, 20.02m, new BatchShare(1, 10)), Is.EqualTo(11.011m));
            Assert.That(Blend(decimal.MaxValue, decimal.MinValue, Half), Is.Zero);
            Assert.That(Blend(decimal.MaxValue, decimal.MaxValue - 2, Quarter), Is.InRange(decimal.MaxValue - 2, decimal.MaxValue));
            Assert.That(Blend(decimal.MinValue, decimal.MinValue + 1, Half), Is.InRange(decimal.MinValue, decimal.MinValue + 1));
            Assert.That(Blend(decimal.MaxValue, decimal.MinValue, new BatchShare(long.MaxValue - 1, long.MaxValue)), Is.Negative);
        });
        Random random = Seed.Random(out int seed);
        for (int i = 0; i < 5000; i++)
        {
            decimal a = Any(random);
            decimal b = Any(random);
            BatchShare share = new(random.NextInt64(1, 1_000_000), 1_000_000);
            decimal mean = Blend(a, b, share);
            double expected = ((double)a * (1 - share.ToDouble())) + ((double)b * share.ToDouble());
            Assert.That(mean, Is.InRange(Math.Min(a, b), Math.Max(a, b)), $"seed {seed}");
            Assert.That((double)mean, Is.EqualTo(expected).Within(1e-9 * Math.Max(1, Math.Max(Math.Abs((double)a), Math.Abs((double)b)))), $"seed {seed}");
        }

        static decimal Any(Random random) => random.Next(10) switch
        {
            0 => decimal.MaxValue,
            1 => decimal.MinValue,
            2 => 0,
            _ => new decimal(random.Next(), random.Next(), random.Next(3) == 0 ? random.Next() : 0, random.Next(2) == 0, (byte)random.Next(15)),
        };
    }

    [Test]
    public void What_is_no_number_is_the_real_time_one()
    {
        DateTimeOffset noon = DateTimeOffset.UnixEpoch.AddHours(12);
        long[] list = [1];
        Assert.Multiple(() =>
        {
            Assert.That(Blend("new", "old", Half), Is.EqualTo("new"));
            Assert.That(Blend(noon, DateTimeOffset.UnixEpoch, Half), Is.EqualTo(noon));
            Assert.That(Blend(TimeSpan.FromHours(2), TimeSpan.Zero, Half), Is.EqualTo(TimeSpan.FromHours(2)));
            Assert.That(Blend(DayOfWeek.Friday, DayOfWeek.Monday, Half), Is.EqualTo(DayOfWeek.Friday));
            Assert.That(Blend(true, false, Half), Is.True);
            Assert.That(Blend(list, [5L], Half), Is.SameAs(list));
            Assert.That(Blend<string?>(null, "old", Half), Is.Null);
        });
    }

    [Test]
    public void Results_of_every_shape_are_put_together_anew()
    {
        Assert.Multiple(() =>
        {
            Assert.That(Blend(new Stats(4, 1.0, 2m, "new"), new Stats(2, 3.0, 4m, "old"), Half), Is.EqualTo(new Stats(3, 2.0, 3m, "new")));
            Assert.That(Blend(new Pair(4, null), new Pair(2, 5), Half), Is.EqualTo(new Pair(3, null)));
            Assert.That(Blend(new { N = 4L, Rate = 0.5 }, new { N = 0L, Rate = 1.0 }, Half), Is.EqualTo(new { N = 2L, Rate = 0.75 }));
            Assert.That(Blend(new ValueTuple<int, string>(4, "new"), new ValueTuple<int, string>(2, "old"), Half), Is.EqualTo((3, "new")));
            Assert.That(Blend(Tuple.Create(4, 2.0), Tuple.Create(2, 3.0), Half), Is.EqualTo(Tuple.Create(3, 2.5)));
            Initialized made = Blend(new Initialized { Count = 4, Mean = 1, Label = "new" }, new Initialized { Count = 2, Mean = 2, Label = "old" }, Half)!;
            Assert.That((made.Count, made.Mean, made.Label), Is.EqualTo((3, 1.5, "new")));
            Mixed mixed = Blend(new Mixed(4) { Other = 1, Inherited = 8 }, new Mixed(2) { Other = 3, Inherited = 4 }, Half)!;
            Assert.That((mixed.Count, mixed.Other, mixed.Inherited), Is.EqualTo((3, 2m, 6L)));
        });
    }

    [Test]
    public void What_a_result_computes_is_computed_from_the_blended_members()
    {
        Ratio made = Blend(new Ratio(1, 2), new Ratio(3, 4), Half)!;
        Assert.That((made.Part, made.Whole, made.Value), Is.EqualTo((2L, 3L, 2.0 / 3)));
    }

    [Test]
    public void A_result_that_is_missing_on_either_side_is_the_real_time_one()
    {
        Ratio some = new(1, 2);
        Assert.That(Blend(some, null, Half), Is.SameAs(some));
        Assert.That(Blend(null, some, Half), Is.Null);
    }

    [Test]
    public void Results_that_cannot_be_put_together_are_refused_by_name()
    {
        Assert.Multiple(() =>
        {
            Refuses<Nested>("member Inner of type *Pair", "One property per part", "one property per part");
            Refuses<Wide>("member Value of type *Int128", "decimal");
            Refuses<Hidden>("Secret cannot be set from outside");
            Refuses<InheritsHidden>("Secret cannot be set from outside");
            Refuses<Opaque>("no public constructor");
            Refuses<object>("no members");
            Refuses<Pair?>("no members");
            Refuses<IComparable>("no members");
            Refuses<AllComputed>("none of its members can be set");
        });

        static void Refuses<T>(string why, params string[] anyOf)
        {
            ArgumentException error = Assert.Throws<ArgumentException>(() => ResultBlend.Of<T>("my_view"))!;
            Assert.That(error.Message, Does.Contain("'my_view'").And.Contain("Hybrid").And.Match(why.Replace("*", ".*", StringComparison.Ordinal)));
            Assert.That(anyOf.Length == 0 || anyOf.Any(text => error.Message.Contains(text, StringComparison.Ordinal)), error.Message);
        }
    }

    [Test]
    public void The_weight_grows_from_the_end_of_the_window_to_the_horizon()
    {
        TimeSpan horizon = TimeSpan.FromMicroseconds(40);
        Assert.Multiple(() =>
        {
            Assert.That(BatchShare.OfAge(100, long.MinValue, horizon).IsNone);
            Assert.That(BatchShare.OfAge(100, 99, horizon).IsNone);
            Assert.That(BatchShare.OfAge(100, 100, horizon).IsNone);
            Assert.That(BatchShare.OfAge(100, 110, horizon).ToDouble(), Is.EqualTo(0.25));
            Assert.That(BatchShare.OfAge(100, 139, horizon).IsAll, Is.False);
            Assert.That(BatchShare.OfAge(100, 140, horizon).IsAll);
            Assert.That(BatchShare.OfAge(-62_135_596_800_000_000, 253_402_300_799_999_999, TimeSpan.MaxValue).ToDouble(), Is.EqualTo(0.342).Within(0.001));
            Assert.That(BatchShare.OfAge(0, 1, TimeSpan.FromTicks(1)).IsAll);
        });
    }

    private static TResult Blend<TResult>(TResult realTime, TResult batch, BatchShare share) => Compiled<TResult>.Blend(realTime, batch, share);

    private static class Compiled<TResult>
    {
        public static readonly BlendResults<TResult> Blend = ResultBlend.Of<TResult>("view").Compile();
    }

    private readonly record struct Stats(long Events, double Mean, decimal Total, string Name);

    private readonly record struct Pair(int A, int? B);

    private sealed record Ratio(long Part, long Whole)
    {
        public double Value { get; } = (double)Part / Whole;
    }

    private sealed class Initialized
    {
        public int Count { get; set; }

        public required double Mean { get; init; }

        public string? Label { get; init; }

        public int this[int index] => index;
    }

    private class Base
    {
        public long Inherited { get; init; }
    }

    private sealed class Mixed(int count) : Base
    {
        public decimal Other;

        public int Count { get; } = count;
    }

    private sealed record Nested(Pair Inner, int N);

    private sealed record Wide(Int128 Value);

    private class Hidden
    {
        public int Open { get; set; }

        public int Secret { get; private set; } = 1;
    }

    private sealed class InheritsHidden : Hidden
    {
        public int More { get; set; }
    }

    private sealed class Opaque
    {
        public Opaque(string text) => Length = text.Length;

        public int Length { get; }
    }

    private sealed class AllComputed
    {
        private readonly int _one = 1;

        public int One => _one;
    }
}
