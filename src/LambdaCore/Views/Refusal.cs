using System.Linq.Expressions;
using System.Text.RegularExpressions;

namespace LambdaCore.Views;

/// <summary>Words the errors of definitions.</summary>
internal static partial class Refusal
{
    /// <summary>Stands for the name of a view where no view is defined but events are changed. No view can have it.</summary>
    public const string EventChange = "change of events";

    /// <summary>An error that names a sub-expression, says why it is refused, and what to write instead.</summary>
    public static ViewDefinitionException Of(string view, Expression part, string why, string instead, Exception? cause = null) =>
        new($"{(view == EventChange ? "The change" : $"View '{view}'")}: {Show(part)} cannot be used: {why} {instead}", cause);

    /// <summary>An expression about as it was written.</summary>
    public static string Show(Expression part) => Captured().Replace(part.ToString(), "");

    // Captured variables print as members of the compiler's own objects.
    [GeneratedRegex(@"value\([^()]*(\([^()]*\)[^()]*)*\)\.")]
    private static partial Regex Captured();
}
