using LambdaCore.Values;

namespace LambdaCore.Serving;

/// <summary>Orders rows by one value of each, in <see cref="ValueOrder"/>; null is below all others.</summary>
internal sealed class RowOrder<TKey, TResult, TOrder>(Func<ViewEntry<TKey, TResult>, TOrder> by, bool descending)
    : IComparer<ViewEntry<TKey, TResult>>
{
    public int Compare(ViewEntry<TKey, TResult>? x, ViewEntry<TKey, TResult>? y)
    {
        (TOrder left, TOrder right) = descending ? (by(y!), by(x!)) : (by(x!), by(y!));
        return (left, right) switch
        {
            (null, _) or (_, null) => (left is null ? 0 : 1) - (right is null ? 0 : 1),

            // Nullable numbers too: .NET's own order has NaN below all others.
            (double a, double b) => ValueOrder.Compare(a, b),
            (float a, float b) => ValueOrder.Compare(a, b),
            _ => ValueOrder.Compare(left, right),
        };
    }
}

/// <summary>Orders rows by one order, and equals by another.</summary>
internal sealed class OrderThen<TKey, TResult>(IComparer<ViewEntry<TKey, TResult>> first, IComparer<ViewEntry<TKey, TResult>> then)
    : IComparer<ViewEntry<TKey, TResult>>
{
    public int Compare(ViewEntry<TKey, TResult>? x, ViewEntry<TKey, TResult>? y)
    {
        int order = first.Compare(x, y);
        return order != 0 ? order : then.Compare(x, y);
    }
}
