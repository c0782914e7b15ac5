using LambdaCore.Aggregates;
using LambdaCore.Batch;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Serving;

/// <summary>Turns states into rows, and keeps those that a question asks for.</summary>
internal sealed class RowCollector<TEvent, TKey, TResult, TRow>(
    ViewProgram<TEvent, TKey, TResult, TRow> program, RowMaker<TEvent, TKey, TResult, TRow> maker, RowReconciliation how, RowFilter<TKey> filter, ViewQuestion<TKey, TResult> question)
    where TRow : struct, IState<TRow>
{
    private readonly List<(TKey Key, MadeRow<TResult> Row)> _rows = [];

    /// <summary>How many rows are enough. If they do not come in the order asked for, the first ones are known in the end only.</summary>
    private readonly int _limit = question.Take is { } count && (count == 0 || (question.Order is null && KeepsOrder(program))) ? count : int.MaxValue;
    private RowReconciliation _how = how;

    /// <summary>How rows are made, and how many were.</summary>
    public ref RowReconciliation How => ref _how;

    /// <summary>Whether no more rows are needed.</summary>
    public bool IsFull => _rows.Count >= _limit;

    /// <summary>The end of the last session that was found, whether or not its result was wanted, in microseconds since the Unix epoch.</summary>
    public long LastSessionEnd { get; private set; } = long.MinValue;

    /// <summary>The rows kept, in the order of their keys.</summary>
    public IReadOnlyList<(TKey Key, MadeRow<TResult> Row)> Rows => KeepsOrder(program) ? _rows : [.. _rows.OrderBy(row => Encode(row.Key), ByContent)];

    private static Comparer<byte[]> ByContent { get; } = Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b));

    /// <summary>Whether a key of states may give a row, so that what is held for it has to be kept until <see cref="Add"/>: of very many keys, those that nobody asked for must not fill the memory.</summary>
    /// <param name="bytes">The encoded key.</param>
    public bool MayWant(ReadOnlySpan<byte> bytes) => !filter.IsConditional || program.Sessions is not null || filter.Accepts(ReadKey(bytes, 0));

    /// <summary>Takes what is held for a key of states; keys come in order.</summary>
    /// <param name="bytes">The encoded key.</param>
    /// <param name="states">What the layers hold for it; used up.</param>
    /// <returns>The layers that rows were made of; none if no row was kept.</returns>
    /// <exception cref="OverflowException">A sum does not fit the type of the result.</exception>
    /// <exception cref="LookupDamagedException">A batch view holds what no event can have led to.</exception>
    public AnswerSource Add(ReadOnlySpan<byte> bytes, ref KeyStates<TRow> states)
    {
        try
        {
            return IsFull ? AnswerSource.None : AddRows(bytes, ref states);
        }
        catch (NoSuchValueException error)
        {
            throw states.Damage(program.Plan.Name, error);
        }
    }

    private AnswerSource AddRows(ReadOnlySpan<byte> bytes, ref KeyStates<TRow> states)
    {
        if (program.Sessions is not { } sessions)
        {
            TKey key = ReadKey(bytes, 0);
            return filter.Accepts(key) ? Keep(key, null, maker.ShareOf(in _how, key, states.Sources), ref states) : AnswerSource.None;
        }

        AnswerSource sources = AnswerSource.None;
        foreach (SessionStates<TRow> session in SessionStates<TRow>.Split(sessions, in states, in _how, filter.AcceptsSession))
        {
            if (IsFull)
            {
                break;
            }

            TKey key = ReadKey(bytes, session.First);
            if (filter.AcceptsSession(session.First, session.End) && filter.Accepts(key))
            {
                LastSessionEnd = Math.Max(LastSessionEnd, session.End);
                KeyStates<TRow> parts = session.States;
                sources |= Keep(key, session.End, session.Share, ref parts);
            }
        }

        return sources;
    }

    /// <summary>Whether rows come in the order of their keys, as the states do.</summary>
    private static bool KeepsOrder(ViewProgram<TEvent, TKey, TResult, TRow> program) => program.Sessions is null or { IsLastColumn: true };

    private AnswerSource Keep(TKey key, long? sessionEnd, BatchShare share, ref KeyStates<TRow> states)
    {
        if (!maker.TryMake(ref _how, key, share, ref states, out MadeRow<TResult> row) || question.Having?.Invoke(row.Result) == false)
        {
            return AnswerSource.None;
        }

        _how.Count(row.Share);
        _rows.Add((key, row with { SessionEnd = sessionEnd }));
        return row.Sources;
    }

    private unsafe TKey ReadKey(ReadOnlySpan<byte> bytes, long sessionStart)
    {
        fixed (byte* start = bytes)
        {
            try
            {
                ByteReader reader = new(start, bytes.Length);
                TKey key = program.ReadKey(ref reader, sessionStart);
                return reader.Remaining == 0 ? key : throw new NoSuchValueException($"A key of {bytes.Length} bytes goes on for {reader.Remaining} bytes behind its last column.");
            }
            catch (InvalidDataException error)
            {
                throw new NoSuchValueException(error.Message, error);
            }
        }
    }

    private byte[] Encode(TKey key)
    {
        ByteWriter writer = new();
        program.Sessions!.WriteWholeKey(key, writer);
        return writer.Written.ToArray();
    }
}
