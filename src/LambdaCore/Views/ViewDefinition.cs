using LambdaCore.Views;

namespace LambdaCore;

/// <summary>
/// A view over events of one type: what is computed, written once and understood by every layer. Made by
/// <see cref="View.Of{T}"/>. Immutable and thread-safe.
/// </summary>
/// <typeparam name="T">The event type.</typeparam>
public abstract class ViewDefinition<T>
{
    private protected ViewDefinition(ViewPlan plan) => Plan = plan;

    /// <summary>The view's name, unique in its store.</summary>
    public string Name => Plan.Name;

    internal ViewPlan Plan { get; }

    /// <summary>
    /// What the view computes, for people: key columns, filter, aggregates with the columns of their states and their errors,
    /// and the SQL of the batch layer.
    /// </summary>
    public string Explain() => Explanation.Of(Plan);

    /// <inheritdoc/>
    public override string ToString() => Name;

    internal abstract TOut Accept<TOut>(IViewVisitor<T, TOut> visitor);
}

/// <summary>A view over events of one type, with the types of its keys and results.</summary>
/// <typeparam name="T">The event type.</typeparam>
/// <typeparam name="TKey">The key type.</typeparam>
/// <typeparam name="TResult">The result type.</typeparam>
public abstract class ViewDefinition<T, TKey, TResult> : ViewDefinition<T>
{
    private protected ViewDefinition(ViewPlan plan, KeyShape key, string resultText)
        : base(plan) => (Key, ResultText) = (key, resultText);

    internal KeyShape Key { get; }

    internal string ResultText { get; }
}
