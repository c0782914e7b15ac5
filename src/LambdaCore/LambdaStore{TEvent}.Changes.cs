using System.Linq.Expressions;
using LambdaCore.Log;
using LambdaCore.Views;

namespace LambdaCore;

/// <content>Changes of events that are in the log already.</content>
public sealed partial class LambdaStore<TEvent>
{
    /// <summary>
    /// Corrects events that are in the log: gives properties other values, in all events that a condition holds for, and brings every view up to them.
    /// </summary>
    /// <remarks>
    /// <para>
    /// First a batch runs, since only sealed events can be corrected. Then the segments that hold such events are written anew and put in the place of the old ones by one
    /// commit, which records the condition, the setters, the reason and who asked for it; old files leave the table, not the disk. Then the keys that are affected are
    /// computed anew in every view. A crash leaves the correction done or not done; what is left to do for the views is done when the store is opened. Appends and
    /// queries go on meanwhile: each view answers as before until it has followed.
    /// </para>
    /// <para>
    /// Positions stay, and so do the times of ingestion and what was said about the lateness of events, even if their time is corrected. Expressions mean what they mean
    /// in a view's definition; but a value that cannot be computed, such as a quotient by zero, is refused, not taken for missing.
    /// </para>
    /// </remarks>
    /// <param name="where">The condition.</param>
    /// <param name="set">Says which properties get which values: <c>s => s.Set(e => e.Price, e => e.Price / 100)</c>.</param>
    /// <param name="reason">Why; it is kept in the log.</param>
    /// <param name="by">Who asks for it; it is kept in the log.</param>
    /// <param name="cancellationToken">Stops the correction before its commit, so that nothing is changed; later it has no effect.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="ArgumentException">An expression has no meaning in SQL; or a value could not have been appended: the message names property and position. Nothing was changed.</exception>
    /// <exception cref="LogCorruptException">A segment is damaged. Nothing was changed.</exception>
    /// <exception cref="StorageException">The disk failed.</exception>
    public Task<Correction> CorrectAsync(
        Expression<Func<TEvent, bool>> where, Action<EventSetters<TEvent>> set, string reason, string? by = null, CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(set);
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        EventChange change = EventChange.Of(_parts.Changes.Schema, where, set);
        ContentChange record = new(LogChangeKind.Correction, reason, by, change.ConditionSql, change.SettersText);
        return _parts.Changes.CorrectAsync(change, record, cancellationToken);
    }

    /// <summary>Corrects events that are in the log, as <see cref="CorrectAsync(Expression{Func{TEvent, bool}}, Action{EventSetters{TEvent}}, string, string, CancellationToken)"/> does, by SQL.</summary>
    /// <remarks>
    /// The texts may hold the properties, constants, comparisons, AND, OR, NOT, IN, BETWEEN, IS NULL, arithmetic, CASE, CAST between numbers, coalesce and a few functions on numbers and text; anything
    /// else is refused. They are never run as they are. A property that is a keyword of SQL stands in double quotes: <c>"At"</c>. NULL is SQL's; whole numbers compute as in C#, so that their quotients are cut towards zero.
    /// </remarks>
    /// <param name="where">The condition: <c>"ProductId = 'x' AND Value &gt; 100"</c>.</param>
    /// <param name="set">The assignments: <c>"Value = Value / 100, Note = 'was in cents'"</c>.</param>
    /// <param name="reason">Why; it is kept in the log.</param>
    /// <param name="by">Who asks for it; it is kept in the log.</param>
    /// <param name="cancellationToken">Stops the correction before its commit, so that nothing is changed; later it has no effect.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="ArgumentException">A text holds what cannot be used; or a value could not have been appended. Nothing was changed.</exception>
    public Task<Correction> CorrectAsync(string where, string set, string reason, string? by = null, CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        ArgumentException.ThrowIfNullOrWhiteSpace(where);
        ArgumentException.ThrowIfNullOrWhiteSpace(set);
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        return _parts.Changes.CorrectAsync(_parts.Changes.Read(where, set), new ContentChange(LogChangeKind.Correction, reason, by, where, set), cancellationToken);
    }

    /// <inheritdoc cref="PreviewAsync(Expression{Func{TEvent, bool}}, Action{EventSetters{TEvent}}, CancellationToken)"/>
    /// <param name="where">The condition, in SQL.</param>
    /// <param name="set">The assignments, in SQL.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public Task<CorrectionPreview<TEvent>> PreviewAsync(string where, string set, CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        ArgumentException.ThrowIfNullOrWhiteSpace(where);
        ArgumentException.ThrowIfNullOrWhiteSpace(set);
        return _parts.Changes.PreviewAsync(_parts.Changes.Read(where, set), cancellationToken);
    }

    /// <summary>Says what a correction would do to events and to the rows of each view, and changes nothing but that it runs a batch first, as the correction does.</summary>
    /// <remarks>It costs about what the correction does: segments and the states of the keys that it touches are computed aside, and dropped.</remarks>
    /// <param name="where">The condition.</param>
    /// <param name="set">Says which properties get which values.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="ArgumentException">The correction would be refused, for this reason.</exception>
    public Task<CorrectionPreview<TEvent>> PreviewAsync(
        Expression<Func<TEvent, bool>> where, Action<EventSetters<TEvent>> set, CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(set);
        return _parts.Changes.PreviewAsync(EventChange.Of(_parts.Changes.Schema, where, set), cancellationToken);
    }

    /// <summary>Reads which changes were made to events that were in the log already, the oldest first: when, why, by whom, how many.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="TableCorruptException">A commit of the master dataset is damaged.</exception>
    public Task<IReadOnlyList<LogChange>> ReadChangesAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        return Task.Run(_parts.Log.ReadChanges, cancellationToken);
    }
}
