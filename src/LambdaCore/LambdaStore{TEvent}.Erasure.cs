using System.Linq.Expressions;
using LambdaCore.Views;

namespace LambdaCore;

/// <content>Erasure of events.</content>
public sealed partial class LambdaStore<TEvent>
{
    /// <summary>
    /// Erases events that are in the log, such as those of a person who wants to be forgotten: from the log, from the rejected events, from every view, and from all files that hold
    /// copies of them, except for the old files of the log, which stay until a vacuum.
    /// </summary>
    /// <remarks>
    /// <para>
    /// First a batch runs, so that all events appended by then are sealed. Then the segments that hold such events are written anew without them, and put in the place of the
    /// old ones by one commit, which records the reason, who asked for it, and how many events went, but not the condition. Then the keys that are affected are computed anew in
    /// every view, and what the events left elsewhere is deleted: write-ahead files, spilled states, old files of views, and views that the store was not opened with.
    /// </para>
    /// <para>
    /// Old files of the log can still be read (see <see cref="LambdaStoreOptions{TEvent}.TimeTravelWindow"/>), until <see cref="VacuumAsync"/> deletes them; the receipt lists them. To be
    /// rid of the events at once, call <c>VacuumAsync(TimeSpan.Zero)</c> next. Deleted means that no file of the store holds them any more; what the medium does with freed
    /// blocks is beyond the store.
    /// </para>
    /// <para>
    /// Positions stay: nothing takes the place of an erased event. If the condition holds for no event, nothing is changed, but what earlier erasures may have left behind is deleted all
    /// the same; so an erasure that failed or was interrupted is completed by calling it again. Appends and queries go on meanwhile.
    /// </para>
    /// </remarks>
    /// <param name="where">The condition, in the terms of a view's definition.</param>
    /// <param name="reason">Why; it is kept in the log for ever, so it should name no person.</param>
    /// <param name="by">Who asks for it; it is kept in the log for ever.</param>
    /// <param name="cancellationToken">Stops the erasure before its commit, so that nothing is erased; later, it leaves the rest to another call.</param>
    /// <returns>What was erased, and what remains where until when.</returns>
    /// <exception cref="ArgumentException">The condition has no meaning in SQL. Nothing was changed.</exception>
    /// <exception cref="LogCorruptException">A segment is damaged. Nothing was changed.</exception>
    /// <exception cref="StorageException">The disk failed. What was not done, is done by calling it again.</exception>
    public Task<ErasureReceipt> EraseAsync(
        Expression<Func<TEvent, bool>> where, string reason, string? by = null, CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        return _parts.Erasure.EraseAsync(EventChange.Of(_parts.Changes.Schema, where, set: null), reason, by, cancellationToken);
    }

    /// <summary>
    /// Erases events that are in the log, as <see cref="EraseAsync(Expression{Func{TEvent, bool}}, string, string, CancellationToken)"/> does, by SQL. The condition may hold what that of
    /// <see cref="CorrectAsync(string, string, string, string, CancellationToken)"/> may; it is kept nowhere.
    /// </summary>
    /// <param name="where">The condition: <c>"UserId = 'ada'"</c>.</param>
    /// <param name="reason">Why; it is kept in the log for ever, so it should name no person.</param>
    /// <param name="by">Who asks for it; it is kept in the log for ever.</param>
    /// <param name="cancellationToken">Stops the erasure before its commit, so that nothing is erased; later, it leaves the rest to another call.</param>
    /// <returns>What was erased, and what remains where until when.</returns>
    /// <exception cref="ArgumentException">The text holds what cannot be used. Nothing was changed.</exception>
    public Task<ErasureReceipt> EraseAsync(string where, string reason, string? by = null, CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        ArgumentException.ThrowIfNullOrWhiteSpace(where);
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        return _parts.Erasure.EraseAsync(_parts.Changes.Read(where, set: null), reason, by, cancellationToken);
    }
}
