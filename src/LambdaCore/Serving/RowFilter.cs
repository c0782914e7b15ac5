using System.Linq.Expressions;
using LambdaCore.Views;

namespace LambdaCore.Serving;

/// <summary>The condition of a question: how to find its rows, and how to check one.</summary>
/// <typeparam name="TKey">The view's key.</typeparam>
internal sealed class RowFilter<TKey>
{
    /// <summary>Rows after which a compiled condition has paid for its compilation.</summary>
    private const int RowsBeforeCompiling = 2000;

    private readonly Expression<Func<TKey, bool>>? _where;
    private readonly Func<TKey, long?>? _windowStart;
    private readonly (long Start, long End)? _starts;
    private readonly (long From, long To)? _between;
    private Func<TKey, bool>? _condition;
    private int _checked;

    private RowFilter(
        ReadPath path, KeyRestriction restriction, Expression<Func<TKey, bool>>? where, Func<TKey, long?>? windowStart, (long Start, long End)? starts, (long From, long To)? between)
    {
        Path = path;
        Restriction = restriction;
        _where = where;
        _windowStart = windowStart;
        _starts = starts;
        _between = between;
    }

    /// <summary>How to find the rows.</summary>
    public ReadPath Path { get; }

    /// <summary>How to read less of the log for them.</summary>
    public KeyRestriction Restriction { get; }

    /// <summary>Whether keys within the range of <see cref="Path"/> can fail the condition.</summary>
    public bool IsConditional => _where is not null;

    /// <summary>Prepares a condition.</summary>
    /// <param name="plan">The view.</param>
    /// <param name="shape">How its key is made of columns.</param>
    /// <param name="windowStart">Reads the start of the window off a key.</param>
    /// <param name="where">The condition on keys; null for all.</param>
    /// <param name="between">The range of time whose windows were asked for; null for all.</param>
    public static RowFilter<TKey> Of(
        ViewPlan plan, KeyShape shape, Func<TKey, long?>? windowStart, Expression<Func<TKey, bool>>? where, (long From, long To)? between)
    {
        byte[]?[] pins = new byte[plan.Keys.Count][];
        if (where is not null)
        {
            foreach (KeyPin pin in KeyPins.Of(shape, where))
            {
                pins[pin.Column] = pin.Bytes.ToArray();
            }
        }

        // The start of a session is no column of the key of its states: a condition on it is asked of the sessions that are found.
        byte[]?[] statePins = [.. pins.Where((_, i) => plan.Keys[i].SessionGap is null)];
        (long Start, long End)? starts = between is { } range && plan.WindowKey is { Window: { } windows } ? windows.Starts(range.From, range.To) : null;
        return new RowFilter<TKey>(QueryRouter.Choose(plan, statePins, starts), new KeyRestriction(statePins, starts), where, windowStart, starts, between);
    }

    /// <summary>Whether a session shares a moment with the range of time that was asked for.</summary>
    /// <param name="start">Its first event, in microseconds since the Unix epoch.</param>
    /// <param name="end">Its end: the first moment at which an event would not belong to it any more.</param>
    public bool AcceptsSession(long start, long end) => _between is not { } range || (range.From < range.To && start < range.To && end > range.From);

    /// <summary>Whether a key fulfils the condition.</summary>
    public bool Accepts(TKey key)
    {
        if (_starts is { } range && (_windowStart!(key) is not { } start || start < range.Start || start >= range.End))
        {
            return false;
        }

        if (_where is null)
        {
            return true;
        }

        if (_checked is 0 or RowsBeforeCompiling)
        {
            // Compiling takes longer than checking a few rows by interpretation.
            _condition = _where.Compile(preferInterpretation: _checked == 0);
        }

        _checked++;
        return _condition!(key);
    }
}
