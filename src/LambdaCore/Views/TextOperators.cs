using System.Linq.Expressions;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>Operations on text. Where SQL would count, fold or trim by other rules, DuckDB calls the C# method.</summary>
internal static class TextOperators
{
    private const ValueKind Text = ValueKind.String;

    /// <summary>The operators of this chapter.</summary>
    public static IEnumerable<Operator> All =>
    [
        new("Concat", [Text, Text], Text)
        {
            Evaluate = a => Expression.Call(((Func<string, string, string>)string.Concat).Method, a),
            Sql = a => SqlText.Infix($"{a[0]} || {a[1]}"),
        },
        Search("Contains", "contains", OrdinalText.Contains),
        Search("StartsWith", "starts_with", OrdinalText.StartsWith),
        Search("EndsWith", "ends_with", OrdinalText.EndsWith),
        Operators.Callback("Length", [Text], ValueKind.Int32, (Func<string, int>)OrdinalText.Length),
        Operators.Callback("ToLower", [Text], Text, (Func<string, string>)OrdinalText.ToLower),
        Operators.Callback("ToUpper", [Text], Text, (Func<string, string>)OrdinalText.ToUpper),
        Operators.Callback("Trim", [Text], Text, (Func<string, string>)OrdinalText.Trim),
        Operators.Callback("IsWhiteSpace", [Text], ValueKind.Boolean, (Func<string, bool>)OrdinalText.IsWhiteSpace),
        Operators.Callback("Substring", [Text, ValueKind.Int32], Text, (Func<string, int, string?>)OrdinalText.Substring, mayFail: true),
        Operators.Callback("Substring", [Text, ValueKind.Int32, ValueKind.Int32], Text, (Func<string, int, int, string?>)OrdinalText.Substring, mayFail: true),
        Operators.Callback("Replace", [Text, Text, Text], Text, (Func<string, string, string, string?>)OrdinalText.Replace, mayFail: true),
    ];

    private static Operator Search(string name, string function, Func<string, string, bool> method) => new(name, [Text, Text], ValueKind.Boolean)
    {
        Missing = MissingRule.IsFalse,
        Evaluate = a => Expression.Call(method.Method, a),
        Sql = a => SqlText.Atom($"{function}({a[0].Text}, {a[1].Text})"),
    };
}
