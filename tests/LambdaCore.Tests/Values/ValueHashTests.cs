using System.Linq.Expressions;
using System.Text;
using LambdaCore.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Values;

[TestFixture]
internal sealed class ValueHashTests
{
    [TestCaseSource(typeof(RandomValue), nameof(RandomValue.Kinds))]
    public void The_expression_hashes_each_kind_by_its_canonical_form(ValueKind kind)
    {
        Random random = Seed.Random(out int seed);
        ParameterExpression value = Expression.Parameter(typeof(object));
        Func<object, ulong> hash = Expression.Lambda<Func<object, ulong>>(
            ValueHash.Call(Expression.Convert(value, ScalarType.RepresentationOf(kind))), value).Compile();
        for (int i = 0; i < 500; i++)
        {
            object it = RandomValue.Of(kind, random);
            Assert.That(hash(it), Is.EqualTo(XxHash64.Hash(Canonical(it))), $"{kind} {it}, seed {seed}");
        }
    }

    [Test]
    public void Equal_numbers_hash_alike_whatever_their_form()
    {
        Assert.Multiple(() =>
        {
            Assert.That(ValueHash.Of(-0.0), Is.EqualTo(ValueHash.Of(0.0)));
            Assert.That(ValueHash.Of(BitConverter.UInt64BitsToDouble(0xFFF8000000000001)), Is.EqualTo(ValueHash.Of(double.NaN)));
            Assert.That(ValueHash.Of(1.50m), Is.EqualTo(ValueHash.Of(1.5m)));
            Assert.That(ValueHash.Of(1.0), Is.Not.EqualTo(ValueHash.Of(1L)));
        });
    }

    [Test]
    public void Long_texts_hash_like_short_ones_by_their_utf8([Values(0, 127, 128, 129, 5000)] int length)
    {
        string text = new('ÿ', length);
        Assert.That(ValueHash.Of(text), Is.EqualTo(XxHash64.Hash(Encoding.UTF8.GetBytes(text))));
    }

    private static byte[] Canonical(object value) => value switch
    {
        string it => Encoding.UTF8.GetBytes(it),
        Guid it => Encoding.ASCII.GetBytes(it.ToString("D")),
        byte[] it => it,
        bool it => BitConverter.GetBytes(it ? 1L : 0L),
        float it => Bits(it),
        double it => Bits(it),
        decimal it => BitConverter.GetBytes(DecimalUnits.FromDecimal(it)),
        ulong it => BitConverter.GetBytes((Int128)it * 1_000_000_000),
        _ => BitConverter.GetBytes(Convert.ToInt64(value)),
    };

    private static byte[] Bits(double value) => BitConverter.GetBytes(double.IsNaN(value) ? 0x7FF8000000000000 : value == 0 ? 0 : BitConverter.DoubleToInt64Bits(value));
}
