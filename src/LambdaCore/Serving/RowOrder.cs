using LambdaCore.Values;

namespace LambdaCore.Serving;

/// <summary>Orders rows by one value of each, in <see cref="ValueOrder"/>.</summary>
internal sealed class RowOrder<TKey, TResult, TOrder>(Func<ViewEntry<TKey, TResult>, TOrder> by, bool descending)
    : IComparer<ViewEntry<TKey, TResult>>
{
    public int Compare(ViewEntry<TKey, TResult>? x, ViewEntry<TKey, TResult>? y)
    {
        TOrder left = by(x!);
        TOrder right = by(y!);
        int order = left is null || right is null ? (left is null ? 0 : 1) - (right is null ? 0 : 1) : ValueOrder.Compare(left, right);
        return descending ? -order : order;
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
