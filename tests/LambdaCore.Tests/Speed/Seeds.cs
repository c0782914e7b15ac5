using System.Globalization;
using NUnit.Framework;

namespace LambdaCore.Tests.Speed;

/// <summary>Seeds of random tests: printed, and taken from LAMBDACORE_SEED if that is set.</summary>
internal static class Seeds
{
    public static int Next()
    {
        string? given = Environment.GetEnvironmentVariable("LAMBDACORE_SEED");
        int seed = given is null ? Random.Shared.Next() : int.Parse(given, CultureInfo.InvariantCulture);
        TestContext.Out.WriteLine($"LAMBDACORE_SEED={seed}");
        return seed;
    }
}
