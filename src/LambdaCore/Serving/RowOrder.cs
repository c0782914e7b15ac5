using LambdaCore.Values;

namespace LambdaCore.Serving;

/// <summary>Orders rows by one value of each, in <see cref="ValueOrder"/>.</summary>
internal sealed class RowOrder<TKey, TResult, TOrder>(Func<(TKey Key, TResult Result), TOrder> by, bool descending)
    : IComparer<(TKey Key, TResult Result)>
{
    public int Compare((TKey Key, TResult Result) x, (TKey Key, TResult Result) y)
    {
        TOrder left = by(x);
        TOrder right = by(y);
        int order = left is null || right is null ? (left is null ? 0 : 1) - (right is null ? 0 : 1) : ValueOrder.Compare(left, right);
        return descending ? -order : order;
    }
}

/// <summary>Orders rows by one order, and equals by another.</summary>
internal sealed class OrderThen<TKey, TResult>(IComparer<(TKey Key, TResult Result)> first, IComparer<(TKey Key, TResult Result)> then)
    : IComparer<(TKey Key, TResult Result)>
{
    public int Compare((TKey Key, TResult Result) x, (TKey Key, TResult Result) y)
    {
        int order = first.Compare(x, y);
        return order != 0 ? order : then.Compare(x, y);
    }
}
