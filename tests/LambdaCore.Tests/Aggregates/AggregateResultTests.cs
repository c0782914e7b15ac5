using System.Numerics;
using System.Text;
using LambdaCore.Aggregates;
using LambdaCore.Tests.Values;
using LambdaCore.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Aggregates;

/// <summary>What states mean, against answers computed the long way from all values.</summary>
[TestFixture]
internal sealed class AggregateResultTests
{
    private static ScalarType Of(ValueKind kind) => new(kind, false);

    private static object? Result(AggregateFunction function, params object?[] values)
    {
        AggregateSubject subject = AggregateSubject.Of(function);
        return subject.Result(subject.Fold(values.Select((value, i) => new Sample(new EventStamp(0, i), value))));
    }

    [Test]
    public void Without_values_counts_and_sums_are_zero_lists_are_empty_and_the_rest_is_missing([ValueSource(typeof(RandomValue), nameof(RandomValue.Kinds))] ValueKind kind)
    {
        foreach (AggregateSubject subject in AggregateSubject.Over(kind))
        {
            object? result = subject.Result(subject.Fold([new Sample(default, null)]));
            Assert.That(result, subject.Function.Name is "TopK" or "FirstN" or "LastN" ? Is.Empty
                : subject.Function.Name is "Histogram" ? Is.All.Zero
                : subject.Function.Name is "Sum" or "ApproxDistinct" or "CountDistinct" ? Is.EqualTo(Convert.ChangeType(0, subject.Function.Result)) : Is.Null, $"{subject}");
        }

        Assert.That(Result(AggregateFunctions.Count()), Is.EqualTo(0L));
    }

    [Test]
    public void Count_counts_every_event_that_is_added() =>
        Assert.That(Result(AggregateFunctions.Count(), null, null, null), Is.EqualTo(3L));

    [Test]
    public void Sums_and_averages_of_integers_are_those_of_unbounded_integers()
    {
        Random random = Seed.Random(out int seed);
        for (int round = 0; round < 300; round++)
        {
            long[] values = [.. Enumerable.Range(0, random.Next(1, 20)).Select(_ => (long)RandomValue.Of(ValueKind.Int64, random))];
            BigInteger sum = values.Aggregate(BigInteger.Zero, (a, b) => a + b);
            object?[] boxed = [.. values.Cast<object>()];

            Assert.That(() => Result(AggregateFunctions.Sum(Of(ValueKind.Int64)), boxed), sum >= long.MinValue && sum <= long.MaxValue
                ? Is.EqualTo((long)sum)
                : Throws.InstanceOf<OverflowException>().With.Message.Contains(sum.ToString()), $"seed {seed}");
            double average = (double)Result(AggregateFunctions.Average(Of(ValueKind.Int64)), boxed)!;
            BigInteger difference = BigInteger.Abs((Scaled(average) * values.Length) - (sum << 128));
            Assert.That(difference, Is.LessThanOrEqualTo(BigInteger.Abs(sum << 128) >> 52), $"two roundings, seed {seed}");
        }
    }

    [Test]
    public void The_average_of_integers_is_the_nearest_double_while_the_sum_is_small()
    {
        Assert.That(Result(AggregateFunctions.Average(Of(ValueKind.Int64)), 1L, 1L, 0L), Is.EqualTo(2.0 / 3));
        Assert.That(Result(AggregateFunctions.Average(Of(ValueKind.Int64)), long.MaxValue, long.MaxValue, long.MaxValue), Is.EqualTo((double)long.MaxValue));
    }

    [Test]
    public void Sums_of_decimals_are_exact_and_say_so_when_no_decimal_can_hold_them()
    {
        Random random = Seed.Random(out int seed);
        BigInteger billion = 1_000_000_000;
        for (int round = 0; round < 500; round++)
        {
            decimal[] values = [.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => (decimal)RandomValue.Of(ValueKind.Decimal, random))];
            BigInteger units = values.Aggregate(BigInteger.Zero, (sum, v) => sum + (BigInteger)DecimalUnits.FromDecimal(v));
            object?[] boxed = [.. values.Cast<object>()];
            BigInteger whole = BigInteger.Abs(units) / billion;
            if (whole > (BigInteger)decimal.MaxValue)
            {
                Assert.That(() => Result(AggregateFunctions.Sum(Of(ValueKind.Decimal)), boxed), Throws.InstanceOf<OverflowException>().With.Message.Contains(whole.ToString()), $"seed {seed}");
            }
            else if (whole < (BigInteger)decimal.MaxValue)
            {
                decimal sum = (decimal)Result(AggregateFunctions.Sum(Of(ValueKind.Decimal)), boxed)!;
                Assert.That(sum, Is.EqualTo(Nearest(units, billion)), $"seed {seed}: {string.Join(" + ", values)}");
            }
        }
    }

    [Test]
    public void The_average_of_the_largest_decimals_is_the_largest_decimal()
    {
        object?[] values = [.. Enumerable.Repeat<object?>(decimal.MaxValue, 7)];
        Assert.That(Result(AggregateFunctions.Average(Of(ValueKind.Decimal)), values), Is.EqualTo(decimal.MaxValue));
        Assert.That(() => Result(AggregateFunctions.Sum(Of(ValueKind.Decimal)), values), Throws.InstanceOf<OverflowException>().With.Message.Contains("does not fit into a decimal"));
    }

    [Test]
    public void A_billion_of_the_largest_decimals_fit_into_the_state()
    {
        AggregateSubject average = AggregateSubject.Of(AggregateFunctions.Average(Of(ValueKind.Decimal)));
        byte[] state = average.Fold([new Sample(default, decimal.MaxValue)]);
        byte[] sum = average.Fold([]);
        for (int bit = 29; bit >= 0; bit--)
        {
            sum = average.Merge(sum, sum);
            sum = (1_000_000_000 & (1 << bit)) != 0 ? average.Merge(sum, state) : sum;
        }

        Assert.That(average.Result(sum), Is.EqualTo(decimal.MaxValue));
    }

    [Test]
    public void Averages_of_decimals_are_within_the_last_digit()
    {
        Random random = Seed.Random(out int seed);
        for (int round = 0; round < 500; round++)
        {
            decimal[] values = [.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => (decimal)RandomValue.Of(ValueKind.Decimal, random))];
            BigInteger units = values.Aggregate(BigInteger.Zero, (sum, v) => sum + (BigInteger)DecimalUnits.FromDecimal(v));
            decimal average = (decimal)Result(AggregateFunctions.Average(Of(ValueKind.Decimal)), [.. values.Cast<object>()])!;

            // |average - units / (count * 10^9)| in units of the last of 28 digits, or of 10^-28 for small ones.
            BigInteger scale = BigInteger.Pow(10, 28);
            BigInteger difference = BigInteger.Abs((Scaled(average, 28) * values.Length * 1_000_000_000) - (units * scale));
            BigInteger bound = BigInteger.Max(BigInteger.Abs(units), values.Length * (BigInteger)1_000_000_000) * 2;
            Assert.That(difference, Is.LessThanOrEqualTo(bound), $"seed {seed}: average of {string.Join(", ", values)} came as {average}");
        }

        Assert.That(Result(AggregateFunctions.Average(Of(ValueKind.Decimal)), 1m, 2m)!.ToString(), Is.EqualTo("1.5"));
    }

    [Test]
    public void Sums_of_doubles_carry_infinities_and_nan()
    {
        AggregateFunction sum = AggregateFunctions.Sum(Of(ValueKind.Float64));
        Assert.That(Result(sum, 1.0, double.PositiveInfinity), Is.EqualTo(double.PositiveInfinity));
        Assert.That(Result(sum, double.NegativeInfinity, double.PositiveInfinity), Is.EqualTo(double.NaN));
        Assert.That(Result(sum, double.NaN, 1.0), Is.EqualTo(double.NaN));
        Assert.That(Result(sum, double.MaxValue, double.MaxValue), Is.EqualTo(double.PositiveInfinity));
        Assert.That(double.IsNegative((double)Result(sum, -0.0, -0.0)!), Is.False, "no negative zero");
        Assert.That(Result(AggregateFunctions.Average(Of(ValueKind.Float64)), 1.0, 2.0), Is.EqualTo(1.5));
    }

    [TestCaseSource(typeof(RandomValue), nameof(RandomValue.Kinds))]
    public void Min_and_max_are_the_ends_of_the_sorted_values(ValueKind kind)
    {
        Random random = Seed.Random(out int seed);
        for (int round = 0; round < 200; round++)
        {
            object[] values = [.. Enumerable.Range(0, random.Next(1, 8)).Select(_ => RandomValue.Of(kind, random))];
            object[] sorted = [.. values.Order(Comparer<object>.Create(Compare))];

            Assert.That(Compare(Result(AggregateFunctions.Min(Of(kind)), values)!, sorted[0]), Is.Zero, $"seed {seed}");
            Assert.That(Compare(Result(AggregateFunctions.Max(Of(kind)), values)!, sorted[^1]), Is.Zero, $"seed {seed}");
        }
    }

    [Test]
    public void Results_have_one_form()
    {
        Assert.That(Result(AggregateFunctions.Min(Of(ValueKind.Decimal)), 1.500m)!.ToString(), Is.EqualTo("1.5"));
        Assert.That(Result(AggregateFunctions.Latest(Of(ValueKind.Decimal)), 1.500m)!.ToString(), Is.EqualTo("1.5"));
        Assert.That(Result(AggregateFunctions.Sum(Of(ValueKind.Decimal)), 1.50m, 1.50m)!.ToString(), Is.EqualTo("3"));
        Assert.That(double.IsNegative((double)Result(AggregateFunctions.Min(Of(ValueKind.Float64)), -0.0)!), Is.False);
        Assert.That(float.IsNegative((float)Result(AggregateFunctions.Earliest(Of(ValueKind.Float32)), -0.0f)!), Is.False);
    }

    [TestCaseSource(typeof(RandomValue), nameof(RandomValue.Kinds))]
    public void Earliest_and_latest_follow_event_time_then_position_and_pass_over_missing_values(ValueKind kind)
    {
        Random random = Seed.Random(out int seed);
        for (int round = 0; round < 200; round++)
        {
            Sample[] samples = Samples.Of(AggregateFunctions.Latest(Of(kind)), random.Next(1, 12), random);
            object[] ordered = [.. samples.Where(s => s.Value is not null).OrderBy(s => s.Stamp.Microseconds).ThenBy(s => s.Stamp.Position).Select(s => s.Value!)];
            AggregateSubject earliest = AggregateSubject.Of(AggregateFunctions.Earliest(Of(kind)));
            AggregateSubject latest = AggregateSubject.Of(AggregateFunctions.Latest(Of(kind)));

            Assert.That(earliest.Result(earliest.Fold(samples)), ordered.Length == 0 ? Is.Null : Is.EqualTo(ordered[0]), $"seed {seed}");
            Assert.That(latest.Result(latest.Fold(samples)), ordered.Length == 0 ? Is.Null : Is.EqualTo(ordered[^1]), $"seed {seed}");
        }
    }

    [TestCaseSource(typeof(RandomValue), nameof(RandomValue.Kinds))]
    public void Small_distinct_counts_are_exact(ValueKind kind)
    {
        Random random = Seed.Random(out int seed);
        for (int round = 0; round < 100; round++)
        {
            object[] values = [.. Enumerable.Range(0, random.Next(50)).Select(_ => RandomValue.Of(kind, random))];
            int distinct = values.Order(Comparer<object>.Create(Compare)).Aggregate((Count: 0, Last: (object?)null), (a, v) =>
                a.Last is not null && Compare(a.Last, v) == 0 ? a : (a.Count + 1, v)).Count;

            Assert.That(Result(AggregateFunctions.ApproxDistinct(Of(kind)), values), Is.EqualTo((long)distinct), $"seed {seed}");
        }
    }

    [TestCase(ValueKind.UInt64, "(decimal)")]
    [TestCase(ValueKind.Boolean, "Count")]
    [TestCase(ValueKind.Duration, "Ticks")]
    [TestCase(ValueKind.Timestamp, "Latest")]
    [TestCase(ValueKind.String, "convert to a number")]
    public void Sums_of_what_cannot_be_summed_are_refused_with_a_way_out(ValueKind kind, string way)
    {
        Assert.That(() => AggregateFunctions.Sum(Of(kind)), Throws.ArgumentException.With.Message.Contains(way).And.Message.Contains($"{kind}"));
        Assert.That(() => AggregateFunctions.Average(Of(kind)), Throws.ArgumentException.With.Message.Contains($"{kind}"));
    }

    [Test]
    public void Smaller_numbers_are_widened_and_nullable_inputs_are_as_required_ones()
    {
        Assert.That(AggregateFunctions.Sum(new ScalarType(ValueKind.UInt8, true)).Inputs[0], Is.EqualTo(Of(ValueKind.Int64)));
        Assert.That(AggregateFunctions.Average(new ScalarType(ValueKind.Float32, true)).Inputs[0], Is.EqualTo(Of(ValueKind.Float64)));
        Assert.That(AggregateFunctions.Min(new ScalarType(ValueKind.String, true)).Inputs[0], Is.EqualTo(Of(ValueKind.String)));
    }

    [Test]
    public void A_precision_out_of_range_is_refused([Values(3, 19, 0, -1)] int precision) =>
        Assert.That(() => AggregateFunctions.ApproxDistinct(Of(ValueKind.Int64), precision), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("between 4").And.Message.Contains($"{precision}"));

    private static int Compare(object left, object right) => (left, right) switch
    {
        (string a, string b) => Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b)),
        (Guid a, Guid b) => string.CompareOrdinal(a.ToString(), b.ToString()),
        (byte[] a, byte[] b) => string.CompareOrdinal(Convert.ToHexString(a), Convert.ToHexString(b)),
        (float a, float b) => Compare((double)a, (double)b),
        (double a, double b) => double.IsNaN(a) || double.IsNaN(b) ? double.IsNaN(a).CompareTo(double.IsNaN(b)) : a == b ? 0 : a < b ? -1 : 1,
        (IComparable a, _) => a.CompareTo(right),
        _ => throw new InvalidOperationException(),
    };

    // The decimal nearest to a fraction, half to even, as decimal addition rounds.
    private static decimal Nearest(BigInteger units, BigInteger billion)
    {
        BigInteger whole = BigInteger.Abs(units) / billion;
        BigInteger rest = BigInteger.Abs(units) % billion;
        decimal sum = (decimal)whole + ((decimal)rest / 1_000_000_000m);
        return units < 0 ? -sum : sum;
    }

    // An average of integers is no smaller than 2^-10, so 128 bits behind the point hold all of its digits.
    private static BigInteger Scaled(double value)
    {
        long bits = BitConverter.DoubleToInt64Bits(value);
        int exponent = (int)((bits >> 52) & 0x7FF) - 1075;
        BigInteger mantissa = (bits & 0xFFFFFFFFFFFFF) | (1L << 52);
        return value == 0 ? 0 : (value < 0 ? -mantissa : mantissa) << (exponent + 128);
    }

    private static BigInteger Scaled(decimal value, int digits)
    {
        int[] bits = decimal.GetBits(value);
        BigInteger mantissa = new BigInteger((uint)bits[2]) << 64 | new BigInteger((uint)bits[1]) << 32 | (uint)bits[0];
        int scale = (bits[3] >> 16) & 0xFF;
        return (bits[3] < 0 ? -mantissa : mantissa) * BigInteger.Pow(10, digits - scale);
    }
}
