using LambdaCore.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Values;

[TestFixture]
internal sealed class DecimalUnitsTests
{
    [Test]
    public void Billionths_come_back_as_the_same_number_in_its_shortest_form()
    {
        Random random = Seed.Random(out int seed);
        for (int i = 0; i < 5000; i++)
        {
            decimal value = (decimal)RandomValue.Of(ValueKind.Decimal, random);
            Int128 units = DecimalUnits.FromDecimal(value);
            decimal back = DecimalUnits.ToDecimal(units);
            Assert.That(back, Is.EqualTo(value), $"seed {seed}");
            Assert.That(back.ToString().Contains('.', StringComparison.Ordinal) && back.ToString().EndsWith('0'), Is.False, $"shortest, seed {seed}");
            Assert.That(DecimalUnits.IsDecimal(units), $"seed {seed}");
        }
    }

    [Test]
    public void A_value_is_its_whole_part_and_its_billionths()
    {
        Random random = Seed.Random(out int seed);
        for (int i = 0; i < 5000; i++)
        {
            decimal value = (decimal)RandomValue.Of(ValueKind.Decimal, random);
            (Int128 whole, long billionths) = DecimalUnits.Split(value);
            Assert.That((decimal)whole, Is.EqualTo(decimal.Truncate(value)), $"{value}, seed {seed}");
            Assert.That(billionths, Is.EqualTo((long)((value - decimal.Truncate(value)) * 1_000_000_000)), $"{value}, seed {seed}");
            Assert.That(DecimalUnits.ToDecimal(whole, billionths), Is.EqualTo(value), $"seed {seed}");
        }
    }

    [TestCase("0.0000000001")]
    [TestCase("1.2345678901")]
    [TestCase("-7922816251426433759.3543950335")]
    public void More_than_nine_digits_are_refused_not_rounded(string text)
    {
        decimal value = decimal.Parse(text);
        Assert.That(DecimalUnits.TryFromDecimal(value, out _), Is.False);
        Assert.That(() => DecimalUnits.FromDecimal(value), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("nine digits"));
        Assert.That(() => DecimalUnits.Split(value), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Zeros_behind_the_ninth_digit_do_not_matter() =>
        Assert.That(DecimalUnits.FromDecimal(1.0000000010000000m), Is.EqualTo((Int128)1_000_000_001));

    [Test]
    public void Numbers_of_billionths_that_are_no_decimal_are_told_apart()
    {
        Int128 largest = (Int128)decimal.MaxValue * 1_000_000_000;
        Assert.Multiple(() =>
        {
            Assert.That(DecimalUnits.IsDecimal(largest));
            Assert.That(DecimalUnits.IsDecimal(-largest));
            Assert.That(DecimalUnits.IsDecimal(largest + 1_000_000_000), Is.False, "too large");
            Assert.That(DecimalUnits.IsDecimal(largest - 1), Is.False, "too many digits");
            Assert.That(DecimalUnits.IsDecimal(Int128.MinValue), Is.False);
            Assert.That(DecimalUnits.IsDecimal(Int128.MaxValue), Is.False);
            Assert.That(DecimalUnits.IsDecimal((Int128)decimal.MaxValue), "29 digits, nine of them behind the point");
        });
    }
}
