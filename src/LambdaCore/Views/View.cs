using System.Linq.Expressions;
using LambdaCore.Views;

namespace LambdaCore;

/// <summary>The beginning of every view.</summary>
public static class View
{
    /// <summary>Begins a view over events of a type.</summary>
    /// <param name="name">The view's name: letters, digits, <c>_</c> and <c>-</c>, at most 100; it names a folder and tables.</param>
    /// <exception cref="ViewDefinitionException">The name is no such name, or events of the type cannot be stored.</exception>
    public static ViewBuilder<T> Of<T>(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return new ViewBuilder<T>(ViewDraft.Of(name, typeof(T)));
    }
}

/// <summary>A view of which it is said which events count. Immutable.</summary>
/// <typeparam name="T">The event type.</typeparam>
public sealed class ViewBuilder<T>
{
    private readonly ViewDraft _draft;

    internal ViewBuilder(ViewDraft draft) => _draft = draft;

    /// <summary>Lets only events count that satisfy a condition, and those of earlier calls.</summary>
    /// <exception cref="ViewDefinitionException">The condition cannot be translated.</exception>
    public ViewBuilder<T> Where(Expression<Func<T, bool>> predicate)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        return new ViewBuilder<T>(_draft.Where(predicate));
    }

    /// <summary>
    /// Groups the events by a key: a scalar, an anonymous type, or a record or struct whose constructor parameters or initialized
    /// members name its properties.
    /// </summary>
    /// <exception cref="ViewDefinitionException">The key cannot be translated, or may be missing where its type cannot.</exception>
    public GroupedViewBuilder<T, TKey> GroupBy<TKey>(Expression<Func<T, TKey>> key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return new GroupedViewBuilder<T, TKey>(_draft, KeyShape.Translate(_draft, key));
    }
}

/// <summary>A view of which it is said how events are grouped. Immutable.</summary>
/// <typeparam name="T">The event type.</typeparam>
/// <typeparam name="TKey">The key type.</typeparam>
public sealed class GroupedViewBuilder<T, TKey>
{
    private readonly ViewDraft _draft;
    private readonly KeyShape _key;

    internal GroupedViewBuilder(ViewDraft draft, KeyShape key)
    {
        _draft = draft;
        _key = key;
    }

    /// <summary>Says what is computed for each key: any expression over the key and the aggregates of its events.</summary>
    /// <exception cref="ViewDefinitionException">An aggregate cannot be translated, or may be missing where its type cannot.</exception>
    public ViewDefinition<T, TKey, TResult> Select<TResult>(Expression<Func<EventGroup<T, TKey>, TResult>> result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return ViewCompiler.Compile<T, TKey, TResult>(_draft, _key, result);
    }
}
