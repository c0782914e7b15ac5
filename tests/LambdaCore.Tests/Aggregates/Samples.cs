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
    /// Events at dense positions with few distinct times, one value in eight missing. Doubles to be added up are such that
    /// their order does not matter.
    /// </summary>
    public static Sample[] Of(AggregateFunction function, int count, Random random)
    {
        Sample[] samples = new Sample[count];
        for (int i = 0; i < count; i++)
        {
            samples[i] = Value(function, random) with { Stamp = new EventStamp(random.Next(-3, 3) * 1_000_000_000_000L, i) };
        }

        return samples;
    }

    /// <summary>The values of one event.</summary>
    public static Sample Value(AggregateFunction function, Random random)
    {
        object?[] values = [.. function.Inputs.Select(input => random.Next(8) == 0 ? null
            : function.IsOrderDependent && input.Kind == ValueKind.Float64
                ? (random.Next(50) == 0 ? Summable[random.Next(Summable.Length)] : random.Next(-1000, 1000) / 8.0)
                : RandomValue.Of(input.Kind, random))];
        return new Sample(default, values.FirstOrDefault(), values.ElementAtOrDefault(1));
    }
}
