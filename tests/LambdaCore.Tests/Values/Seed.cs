using NUnit.Framework;

namespace LambdaCore.Tests.Values;

/// <summary>The seed of a property test: from LAMBDACORE_SEED, else fresh; printed either way.</summary>
internal static class Seed
{
    public static Random Random(out int seed)
    {
        seed = int.TryParse(Environment.GetEnvironmentVariable("LAMBDACORE_SEED"), out int given) ? given : System.Random.Shared.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        return new Random(seed);
    }
}
