using System.Globalization;
using System.Text;
using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>An aggregate function of SQL that runs an aggregator and gives its state's bytes; the batch layer registers it with DuckDB.</summary>
/// <param name="SqlName">Its name in SQL, which differs wherever the code that runs, its parameters or its inputs do.</param>
/// <param name="TakesStamp">Whether it takes an event's time (BIGINT microseconds) and position after its inputs.</param>
internal sealed record CodeFunction(string SqlName, bool TakesStamp)
{
    /// <summary>The function of an aggregator.</summary>
    /// <param name="name">The aggregate's name.</param>
    /// <param name="identity">A text that tells the aggregator, its parameters and its inputs from all others.</param>
    /// <param name="takesStamp">Whether the aggregator looks at an event's time and position.</param>
    public static CodeFunction Of(string name, string identity, bool takesStamp)
    {
        string word = string.Concat(name.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();
        ulong hash = XxHash64.Hash(Encoding.UTF8.GetBytes(identity));
        return new CodeFunction(string.Create(CultureInfo.InvariantCulture, $"lambdacore_{word}_{hash:x16}"), takesStamp);
    }

    /// <summary>SQL that calls it. Events whose values are missing do reach it; it passes over them.</summary>
    public string Call(in StateOperands of)
    {
        IEnumerable<string> arguments = TakesStamp ? [.. of.Inputs, of.Time, of.Position] : of.Inputs;
        return $"{SqlName}({string.Join(", ", arguments)}){of.Filter}";
    }
}
