using LambdaCore.Aggregates;

namespace LambdaCore.Views;

/// <summary>A definition that knows the row of its states.</summary>
internal sealed class CompiledView<T, TKey, TResult, TRow>(ViewProgram<T, TKey, TResult, TRow> program, KeyShape key)
    : ViewDefinition<T, TKey, TResult>(program.Plan, key, program.ResultText)
    where TRow : struct, IState<TRow>
{
    /// <inheritdoc/>
    internal override TOut Accept<TOut>(IViewVisitor<T, TOut> visitor) => visitor.Visit(program);
}
