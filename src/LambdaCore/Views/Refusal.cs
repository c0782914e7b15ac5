using System.Linq.Expressions;
using System.Text.RegularExpressions;

namespace LambdaCore.Views;

/// <summary>Words the errors of definitions.</summary>
internal static partial class Refusal
{
    /// <summary>An error that names a sub-expression, says why it is refused, and what to write instead.</summary>
    public static ViewDefinitionException Of(string view, Expression part, string why, string instead, Exception? cause = null) =>
        new($"View '{view}': {Show(part)} cannot be used: {why} {instead}", cause);

    /// <summary>An expression about as it was written.</summary>
    public static string Show(Expression part) => Captured().Replace(part.ToString(), "");

    // Captured variables print as members of the compiler's own objects.
    [GeneratedRegex(@"value\([^()]*(\([^()]*\)[^()]*)*\)\.")]
    private static partial Regex Captured();
}
