using LambdaCore.Aggregates;
using LambdaCore.Tests.Values;
using LambdaCore.Values;

namespace LambdaCore.Tests.Aggregates;

/// <summary>Random events for aggregates.</summary>
internal static class Samples
{
    // Sums of these are exact in any order, or have one outcome in any order.
    private static readonly double[] Summable = [double.NaN, double.PositiveInfinity, double.NegativeInfinity, -0.0, 0.0];

    /// <summary>
    /// Events at dense positions with few distinct times, one in eight without a value. Doubles to be added up are such that
    /// their order does not matter.
    /// </summary>
    public static Sample[] Of(AggregateFunction function, int count, Random random)
    {
        Sample[] samples = new Sample[count];
        bool nasty = random.Next(3) == 0;
        for (int i = 0; i < count; i++)
        {
            object?[] values = [.. function.Inputs.Select(input => random.Next(8) == 0 ? null
                : function.IsOrderDependent && input.Kind == ValueKind.Float64
                    ? (nasty && random.Next(5) == 0 ? Summable[random.Next(Summable.Length)] : random.Next(-1000, 1000) / 8.0)
                    : RandomValue.Of(input.Kind, random))];
            samples[i] = new Sample(new EventStamp(random.Next(-3, 3) * 1_000_000_000_000L, i), values.FirstOrDefault(), values.ElementAtOrDefault(1));
        }

        return samples;
    }
}
