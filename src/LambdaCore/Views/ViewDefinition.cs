using System.Linq.Expressions;
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

    /// <summary>
    /// A view of the same results by coarser keys, for instance of days over one of hours: <c>Hourly.RollUp("daily", k => new DayKey(Window.Day(k.Hour), k.Type))</c>.
    /// Its batch merges the states of this view's batch, as long as the store has this view too, and reads no events.
    /// </summary>
    /// <remarks>
    /// It means the same as the view over events with that key, and works without this one: then its batch reads events. States are merged exactly as layers
    /// are, so sketches and distinct counts come out the same; sums of <see langword="double"/> may differ in the last digits. The key may be
    /// <see cref="Window.Hopping(DateTimeOffset, TimeSpan, TimeSpan, TimeSpan)"/> of a window of this view, which makes moving windows cheap.
    /// </remarks>
    /// <param name="name">The new view's name.</param>
    /// <param name="key">The new key, from this view's key alone.</param>
    /// <typeparam name="TRolled">The new key's type, of the same kinds as in <see cref="ViewBuilder{T}.GroupBy"/>.</typeparam>
    /// <exception cref="ViewDefinitionException">
    /// The key cannot be translated; this view's result is computed from its key; or this view's windows overlap or are sessions.
    /// </exception>
    public abstract ViewDefinition<T, TRolled, TResult> RollUp<TRolled>(string name, Expression<Func<TKey, TRolled>> key);

    internal KeyShape Key { get; }

    internal string ResultText { get; }
}
