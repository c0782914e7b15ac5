using System.Globalization;

namespace LambdaCore.Aggregates;

/// <summary>A sketch that the batch layer registers with DuckDB as an aggregate function returning the state's bytes.</summary>
/// <param name="SqlName">The function's name in SQL.</param>
/// <param name="Precision">The sketch's parameter, from which its type follows.</param>
internal sealed record SketchFunction(string SqlName, int Precision)
{
    /// <summary>The sketch of <see cref="ApproxDistinct{TPrecision}"/>.</summary>
    public static SketchFunction ApproxDistinct(int precision) =>
        new("lambdacore_approx_distinct_" + precision.ToString(CultureInfo.InvariantCulture), precision);
}
