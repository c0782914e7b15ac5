using System.Globalization;

namespace LambdaCore.Aggregates;

/// <summary>How far an aggregate's result may be off.</summary>
/// <param name="Kind">What kind of bound it is.</param>
/// <param name="Size">The bound; 0.01 means 1 %.</param>
internal readonly record struct ErrorBound(ErrorKind Kind, double Size)
{
    /// <summary>The bound in words.</summary>
    public override string ToString() => Kind switch
    {
        ErrorKind.RelativeStandardError => $"standard error {Percent("0.##")} %",
        ErrorKind.RelativeError => $"relative error at most {Percent("0.##")} %",
        _ => $"counts too high by at most {Percent("G3")} % of the events",
    };

    private string Percent(string format) => (Size * 100).ToString(format, CultureInfo.InvariantCulture);
}
