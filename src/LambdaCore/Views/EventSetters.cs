using System.Linq.Expressions;

namespace LambdaCore;

/// <summary>Which properties of events get which values: <c>s => s.Set(e => e.Price, e => e.Price / 100).Set(e => e.Note, "was in cents")</c>.</summary>
/// <remarks>
/// All values are computed from the event as it was, whatever the order of the calls. Expressions mean what they mean in a view's definition. Not thread-safe.
/// </remarks>
/// <typeparam name="TEvent">The event type.</typeparam>
public sealed class EventSetters<TEvent>
{
    private readonly List<(LambdaExpression Property, LambdaExpression Value)> _setters = [];

    internal EventSetters()
    {
    }

    internal IReadOnlyList<(LambdaExpression Property, LambdaExpression Value)> All => _setters;

    /// <summary>Gives a property a value that is computed from the event.</summary>
    /// <param name="property">The property: <c>e => e.Price</c>.</param>
    /// <param name="value">The value: an expression over the event as it was.</param>
    /// <returns>The same setters, for the next call.</returns>
    public EventSetters<TEvent> Set<TProperty>(Expression<Func<TEvent, TProperty>> property, Expression<Func<TEvent, TProperty>> value)
    {
        ArgumentNullException.ThrowIfNull(property);
        ArgumentNullException.ThrowIfNull(value);
        _setters.Add((property, value));
        return this;
    }

    /// <summary>Gives a property the same value in all events.</summary>
    /// <param name="property">The property: <c>e => e.Product</c>.</param>
    /// <param name="value">The value. For a missing one write <c>e => null</c>.</param>
    /// <returns>The same setters, for the next call.</returns>
    public EventSetters<TEvent> Set<TProperty>(Expression<Func<TEvent, TProperty>> property, TProperty value)
    {
        ArgumentNullException.ThrowIfNull(property);
        _setters.Add((property, Expression.Lambda(Expression.Constant(value, typeof(TProperty)), Expression.Parameter(typeof(TEvent), "e"))));
        return this;
    }
}
