using System.Linq.Expressions;
using LambdaCore.Serving;
using LambdaCore.Values;

namespace LambdaCore;

/// <summary>
/// A question to a view, put together step by step; each step returns a new question and leaves the old one as it was. Immutable and
/// thread-safe.
/// </summary>
/// <typeparam name="TKey">The view's key.</typeparam>
/// <typeparam name="TResult">The view's result.</typeparam>
public sealed class ViewQuery<TKey, TResult>
{
    private readonly IViewReader<TKey, TResult> _reader;
    private readonly ViewQuestion<TKey, TResult> _question;
    private readonly string _view;
    private readonly bool _hasWindows;

    internal ViewQuery(IViewReader<TKey, TResult> reader, string view, bool hasWindows, ViewQuestion<TKey, TResult> question)
    {
        _reader = reader;
        _view = view;
        _hasWindows = hasWindows;
        _question = question;
    }

    /// <summary>Keeps the rows whose keys fulfil a condition; several conditions must all hold.</summary>
    /// <remarks>
    /// Conditions of the form <c>k.Column == value</c> are answered by looking keys up instead of scanning, as far as they pin all columns of
    /// the key or its first ones. The start of a session is found among the sessions of the key's other columns, so pinning these is enough.
    /// </remarks>
    /// <param name="condition">Any expression over the key.</param>
    public ViewQuery<TKey, TResult> Where(Expression<Func<TKey, bool>> condition)
    {
        ArgumentNullException.ThrowIfNull(condition);
        Expression<Func<TKey, bool>> combined = condition;
        if (_question.Where is { } earlier)
        {
            Expression renamed = new ParameterReplacer(condition.Parameters[0], earlier.Parameters[0]).Visit(condition.Body);
            combined = Expression.Lambda<Func<TKey, bool>>(Expression.AndAlso(earlier.Body, renamed), earlier.Parameters[0]);
        }

        return With(_question with { Where = combined });
    }

    /// <summary>
    /// Keeps the windows that share any moment with a half-open range of time: those in which the range begins and ends are there whole. A session
    /// goes from its first event to the gap after its last.
    /// </summary>
    /// <param name="start">The first moment of the range.</param>
    /// <param name="end">The first moment after the range; not before <paramref name="start"/>. If it is the start itself, no window is kept.</param>
    /// <exception cref="InvalidOperationException">The view's key has no window.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The end lies before the start.</exception>
    public ViewQuery<TKey, TResult> Between(DateTimeOffset start, DateTimeOffset end)
    {
        if (!_hasWindows)
        {
            throw new InvalidOperationException($"View '{_view}' has no window in its key, so it cannot be asked for a range of time. Group by Window.Hour(e => e.…), for instance, or use Where.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(end, start);
        long until = Ceiling(end);
        return With(_question with { Between = (start == end ? until : UnixTime.FromDateTimeOffset(start), until) });

        // An end between two microseconds leaves part of the earlier one in the range.
        static long Ceiling(DateTimeOffset time) => time.UtcTicks % TimeSpan.TicksPerMicrosecond == 0
            ? UnixTime.FromDateTimeOffset(time)
            : UnixTime.FromDateTimeOffset(time) + 1;
    }

    /// <summary>Keeps the rows whose results fulfil a condition; several conditions must all hold.</summary>
    /// <param name="condition">Any condition, for instance <c>r => r.Events >= 1000</c>. It is asked of every row that the other conditions leave.</param>
    public ViewQuery<TKey, TResult> Having(Func<TResult, bool> condition)
    {
        ArgumentNullException.ThrowIfNull(condition);
        Func<TResult, bool>? earlier = _question.Having;
        return With(_question with { Having = earlier is null ? condition : result => earlier(result) && condition(result) });
    }

    /// <summary>Orders the rows, lowest first; among equals, later orders decide, and finally the key.</summary>
    /// <param name="by">What to order by, for instance <c>row => row.Result.Total</c>.</param>
    /// <typeparam name="TOrder">A type with an order. Strings are ordered by their UTF-8 bytes.</typeparam>
    public ViewQuery<TKey, TResult> OrderBy<TOrder>(Func<ViewEntry<TKey, TResult>, TOrder> by) => Ordered(by, descending: false);

    /// <summary>Orders the rows, highest first; among equals, later orders decide, and finally the key.</summary>
    /// <inheritdoc cref="OrderBy"/>
    public ViewQuery<TKey, TResult> OrderByDescending<TOrder>(Func<ViewEntry<TKey, TResult>, TOrder> by) => Ordered(by, descending: true);

    /// <summary>Returns the first rows only, in the order asked for.</summary>
    /// <param name="count">At least zero.</param>
    public ViewQuery<TKey, TResult> Take(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return With(_question with { Take = Math.Min(count, _question.Take ?? int.MaxValue) });
    }

    /// <summary>Says how new the answer must be. Default: <see cref="Consistency.Latest"/>.</summary>
    public ViewQuery<TKey, TResult> WithConsistency(Consistency consistency) => With(_question with { Consistency = consistency });

    /// <summary>
    /// Waits while the view has no layers because its definition is new and they are being computed in the background. Without this the answer comes from the log at once: slower, and
    /// just as exact.
    /// </summary>
    public ViewQuery<TKey, TResult> WaitForRebuild() => With(_question with { WaitsForRebuild = true });

    /// <summary>Says how the batch layers and the speed layer become one answer. Default: the view's own, which is <see cref="Reconciliation.Merge"/> unless chosen otherwise.</summary>
    /// <param name="reconciliation">The choice. Conditions on results and orders see what it gives.</param>
    /// <exception cref="ArgumentException"><see cref="Reconciliation.Hybrid"/> is chosen, but the view's results cannot be blended; the message says why.</exception>
    public ViewQuery<TKey, TResult> Reconcile(Reconciliation reconciliation)
    {
        ArgumentNullException.ThrowIfNull(reconciliation);
        _reader.Check(reconciliation);
        return With(_question with { Reconciliation = reconciliation });
    }

    /// <summary>
    /// Answers from some layers only. By default whatever layers can contribute do. <see cref="AnswerSource.Batch"/> gives the state of the
    /// last batch run, <see cref="AnswerSource.Speed"/> what came after it, from the speed view and the log; with one of them there is nothing to reconcile, and no reconciliation is used.
    /// </summary>
    /// <param name="layers">One layer or both.</param>
    public ViewQuery<TKey, TResult> From(AnswerSource layers) =>
        layers is AnswerSource.Batch or AnswerSource.Speed or AnswerSource.Merged
            ? With(_question with { Layers = layers })
            : throw new ArgumentOutOfRangeException(nameof(layers), layers, "Choose Batch, Speed or Merged.");

    /// <summary>Answers.</summary>
    /// <remarks>The work is done on the calling thread, without blocking on input or output except where a file is paged in.</remarks>
    /// <param name="cancellationToken">Stops waiting or scanning.</param>
    public ValueTask<ViewAnswer<TKey, TResult>> ExecuteAsync(CancellationToken cancellationToken = default) =>
        _reader.ExecuteAsync(_question, cancellationToken);

    private ViewQuery<TKey, TResult> Ordered<TOrder>(Func<ViewEntry<TKey, TResult>, TOrder> by, bool descending)
    {
        ArgumentNullException.ThrowIfNull(by);
        RowOrder<TKey, TResult, TOrder> order = new(by, descending);
        return With(_question with { Order = _question.Order is { } first ? new OrderThen<TKey, TResult>(first, order) : order });
    }

    private ViewQuery<TKey, TResult> With(ViewQuestion<TKey, TResult> question) => new(_reader, _view, _hasWindows, question);

    private sealed class ParameterReplacer(ParameterExpression from, ParameterExpression to) : ExpressionVisitor
    {
        protected override Expression VisitParameter(ParameterExpression node) => node == from ? to : node;
    }
}
