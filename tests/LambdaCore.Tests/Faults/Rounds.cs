using System.Globalization;

namespace LambdaCore.Tests.Faults;

/// <summary>How long tests with real faults run: LAMBDACORE_FAULTS times as long as in CI.</summary>
internal static class Rounds
{
    /// <summary>The rounds to run, of so many in CI.</summary>
    public static int Of(int rounds) =>
        int.TryParse(Environment.GetEnvironmentVariable("LAMBDACORE_FAULTS"), NumberStyles.None, CultureInfo.InvariantCulture, out int times) && times > 0 ? rounds * times : rounds;
}
