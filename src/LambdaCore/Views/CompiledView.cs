using System.Linq.Expressions;
using LambdaCore.Aggregates;

namespace LambdaCore.Views;

/// <summary>A definition that knows the row of its states.</summary>
internal sealed class CompiledView<T, TKey, TResult, TRow>(ViewProgram<T, TKey, TResult, TRow> program, KeyShape key)
    : ViewDefinition<T, TKey, TResult>(program.Plan, key, program.ResultText)
    where TRow : struct, IState<TRow>
{
    /// <inheritdoc/>
    public override ViewDefinition<T, TRolled, TResult> RollUp<TRolled>(string name, Expression<Func<TKey, TRolled>> key)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(key);
        return RollUpCompiler.Compile(name, program, key);
    }

    /// <inheritdoc/>
    internal override TOut Accept<TOut>(IViewVisitor<T, TOut> visitor) => visitor.Visit(program);
}
