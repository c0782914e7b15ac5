using LambdaCore.Aggregates;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>Reads a key from the bytes by which its states are kept.</summary>
/// <param name="reader">The bytes.</param>
/// <param name="sessionStart">The start of the session, in microseconds since the Unix epoch; of no meaning if the key has none.</param>
internal delegate TKey ReadKey<out TKey>(ref ByteReader reader, long sessionStart);

/// <summary>Turns the states of a key into the view's result.</summary>
/// <exception cref="OverflowException">An exact sum does not fit the type of its result.</exception>
internal delegate TResult ProjectRow<in TKey, TRow, out TResult>(TKey key, in TRow row);

/// <summary>
/// A view compiled to delegates over its row of states. They hold no state of their own, so all threads may call them; a
/// <see cref="ByteWriter"/> or row belongs to its caller.
/// </summary>
/// <typeparam name="TEvent">The event type.</typeparam>
/// <typeparam name="TKey">The key type.</typeparam>
/// <typeparam name="TResult">The result type.</typeparam>
/// <typeparam name="TRow">
/// The row of states: nested <see cref="StateRow{THead, TTail}"/>s in the order of the plan's aggregates; a <see cref="SessionSet{TRow}"/> of these
/// if the key has a session.
/// </typeparam>
internal sealed class ViewProgram<TEvent, TKey, TResult, TRow>
    where TRow : struct, IState<TRow>
{
    /// <summary>What the delegates were compiled from.</summary>
    public required ViewPlan Plan { get; init; }

    /// <summary>How a key is made of its columns.</summary>
    public required KeyShape Key { get; init; }

    /// <summary>Whether an event counts; null if all do.</summary>
    public required Func<TEvent, bool>? Filter { get; init; }

    /// <summary>Writes the key of an event's states, as <see cref="KeyWriter"/> encodes its columns.</summary>
    public required Action<TEvent, ByteWriter> WriteEventKey { get; init; }

    /// <summary>
    /// Writes all keys of an event that may count for several, because its windows overlap; null if each event has one key.
    /// <see cref="WriteEventKey"/> then writes that of the latest window.
    /// </summary>
    public Action<TEvent, EventKeys>? WriteEventKeys { get; init; }

    /// <summary>Adds an event that counts to the row of its key.</summary>
    public required FoldEvent<TEvent, TRow> Fold { get; init; }

    /// <summary>Writes the key of the states of a key that a user gives. Times are cut to microseconds, not to windows: a key that is no window's start finds nothing.</summary>
    public required Action<TKey, ByteWriter> WriteKey { get; init; }

    /// <summary>Reads a key.</summary>
    public required ReadKey<TKey> ReadKey { get; init; }

    /// <summary>Turns a row into the result. If the key has a session, the row must be one session.</summary>
    public required ProjectRow<TKey, TRow, TResult> Project { get; init; }

    /// <summary>A text that determines what <see cref="Project"/> makes of a row, as far as captured variables have one.</summary>
    public required string ResultText { get; init; }

    /// <summary>Whether <see cref="Project"/> looks at the key.</summary>
    public required bool UsesKey { get; init; }

    /// <summary>The window's start in a key, in microseconds since the Unix epoch; null if the key has no window column.</summary>
    public required Func<TKey, long?>? WindowStart { get; init; }

    /// <summary>Takes the states of a key apart into its sessions; null if the key has no session column.</summary>
    public SessionRows<TKey, TRow>? Sessions { get; init; }
}

/// <summary>Code of another room that is generic over the row of a view's states.</summary>
/// <typeparam name="TEvent">The event type.</typeparam>
/// <typeparam name="TOut">What it gives.</typeparam>
internal interface IViewVisitor<TEvent, out TOut>
{
    /// <summary>Takes a view with all its types.</summary>
    TOut Visit<TKey, TResult, TRow>(ViewProgram<TEvent, TKey, TResult, TRow> program)
        where TRow : struct, IState<TRow>;
}
