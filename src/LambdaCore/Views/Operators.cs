using System.Linq.Expressions;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>The form of an operator that is one static method: called by the fold, and registered with DuckDB.</summary>
internal static class Operators
{
    /// <summary>An operator that both layers compute by one C# method.</summary>
    /// <param name="name">The operator's name.</param>
    /// <param name="parameters">The kinds of the arguments.</param>
    /// <param name="result">The kind of the result.</param>
    /// <param name="method">A static method on the representations. A nullable value type, or a string where <paramref name="mayFail"/>, says that it may fail.</param>
    /// <param name="mayFail">Whether a method that returns a string may return null.</param>
    public static Operator Callback(string name, IReadOnlyList<ValueKind> parameters, ValueKind result, Delegate method, bool mayFail = false)
    {
        string sqlName = $"lambdacore_{name}_{string.Join("_", parameters)}".ToLowerInvariant();
        bool fails = mayFail || Nullable.GetUnderlyingType(method.Method.ReturnType) is not null;
        Expression Call(IReadOnlyList<Expression> a) => Expression.Call(method.Method, a);
        return new Operator(name, parameters, result)
        {
            Evaluate = Call,
            TryEvaluate = fails ? Call : null,
            FailsFor = _ => fails,
            Missing = result == ValueKind.Boolean ? MissingRule.IsFalse : MissingRule.Propagates,
            Sql = a => SqlText.Atom($"{sqlName}({string.Join(", ", a.Select(p => p.Text))})"),
            Callback = new CallbackFunction(sqlName, parameters, result, method.Method),
        };
    }
}
