using LambdaCore.Aggregates;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>
/// Takes the states that are kept for a key without its session apart into the sessions, for those who do not know what states these
/// are. Thread-safe.
/// </summary>
/// <typeparam name="TKey">The key type.</typeparam>
/// <typeparam name="TRow">The sessions of the key's other columns, a <see cref="SessionSet{TRow}"/>.</typeparam>
internal abstract class SessionRows<TKey, TRow>
    where TRow : struct, IState<TRow>
{
    /// <summary>Prepares for a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="gap">The gap in microseconds.</param>
    protected SessionRows(KeyShape key, long gap)
    {
        Gap = gap;
        Start = KeyCompiler.Time<TKey>(key.Members.First(m => m.Column.SessionGap is not null));
        IsLastColumn = key.Members[^1].Column.SessionGap is not null;
        WriteWholeKey = KeyCompiler.WriteKey<TKey>(key.Members);
    }

    /// <summary>The gap, in microseconds: how long after its last event a session ends.</summary>
    public long Gap { get; }

    /// <summary>Whether the sessions, one state's after another's, come in the order of their keys.</summary>
    public bool IsLastColumn { get; }

    /// <summary>The start of the session in a key, in microseconds since the Unix epoch; null if it is missing.</summary>
    public Func<TKey, long?> Start { get; }

    /// <summary>Writes a key with its session, so that the bytes are in the order of the keys.</summary>
    public Action<TKey, ByteWriter> WriteWholeKey { get; }

    /// <summary>The sessions that two sets make together, in order, and which of either each is made of. The sets stay as they are.</summary>
    public abstract IReadOnlyList<SessionSpan> Spans(in TRow first, in TRow second);

    /// <summary>The set of some of the sessions alone. It shares memory, so the set that it is of is used up with it.</summary>
    /// <param name="row">The set.</param>
    /// <param name="start">The first of them.</param>
    /// <param name="end">The one behind the last of them.</param>
    public abstract TRow Slice(in TRow row, int start, int end);
}
