using LambdaCore.Aggregates;
using LambdaCore.Batch;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Serving;

/// <summary>Compares two lists of layers of a view over the same events, row by row: a merge of their keys. Thread-safe.</summary>
/// <param name="program">The view.</param>
internal sealed class ViewComparer<TEvent, TKey, TResult, TRow>(ViewProgram<TEvent, TKey, TResult, TRow> program)
    where TRow : struct, IState<TRow>
{
    private const int MostTold = 20;

    /// <summary>Compares.</summary>
    /// <param name="old">The old layers, held.</param>
    /// <param name="current">The new ones, held.</param>
    /// <param name="end">Where both end.</param>
    /// <param name="cancellationToken">Stops the comparison.</param>
    /// <exception cref="LookupDamagedException">A layer is damaged.</exception>
    public ViewComparison Run(IReadOnlyList<LookupFile> old, IReadOnlyList<LookupFile> current, LogPosition end, CancellationToken cancellationToken)
    {
        LayerCursor left = new(old);
        LayerCursor right = new(current);
        Tally tally = new();
        bool isLeft = left.MoveNext();
        bool isRight = right.MoveNext();
        while (isLeft || isRight)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int order = !isLeft ? 1 : !isRight ? -1 : left.Key.SequenceCompareTo(right.Key);
            if (order == 0 && program.Sessions is null && left.RowCount == 1 && right.RowCount == 1 && left.State(0).SequenceEqual(right.State(0)))
            {
                tally.Rows++;
            }
            else
            {
                Compare(order <= 0 ? RowsOf(left) : [], order >= 0 ? RowsOf(right) : [], tally);
            }

            isLeft = order <= 0 ? left.MoveNext() : isLeft;
            isRight = order >= 0 ? right.MoveNext() : isRight;
        }

        return new ViewComparison(
            program.Plan.Name, end, tally.Rows, tally.Added, tally.Removed, tally.Changed, [.. tally.Largest.UnorderedItems.Select(i => i.Element).OrderByDescending(d => d.Size)]);
    }

    private static void Compare(IReadOnlyDictionary<long, Row> old, IReadOnlyDictionary<long, Row> current, Tally tally)
    {
        tally.Rows += current.Count;
        foreach (long session in old.Keys.Union(current.Keys))
        {
            Row? before = old.GetValueOrDefault(session);
            Row? after = current.GetValueOrDefault(session);
            double? size = ResultDifference.Of(before?.Result, after?.Result);
            if (size is null && before is not null && after is not null)
            {
                continue;
            }

            tally.Added += before is null ? 1 : 0;
            tally.Removed += after is null ? 1 : 0;
            tally.Changed += before is not null && after is not null ? 1 : 0;
            tally.Tell(new RowDifference((before ?? after)!.Key, before?.Result, after?.Result, size ?? 0));
        }
    }

    /// <summary>The rows that are kept under the current key: one, or one for each session, by its start.</summary>
    private Dictionary<long, Row> RowsOf(LayerCursor layers)
    {
        TRow states = layers.Merged<TRow>();
        if (program.Sessions is not { } sessions)
        {
            return new Dictionary<long, Row> { [0] = RowOf(ReadKey(layers, 0), in states) };
        }

        Dictionary<long, Row> rows = [];
        foreach (SessionSpan span in sessions.Spans(in states, default))
        {
            TRow session = sessions.Slice(in states, span.LeftStart, span.LeftEnd);
            rows[span.First] = RowOf(ReadKey(layers, span.First), in session);
        }

        return rows;
    }

    private unsafe TKey ReadKey(LayerCursor layers, long sessionStart)
    {
        try
        {
            fixed (byte* start = layers.Key)
            {
                ByteReader reader = new(start, layers.Key.Length);
                return program.ReadKey(ref reader, sessionStart);
            }
        }
        catch (Exception error) when (error is InvalidDataException or NoSuchValueException)
        {
            throw layers.File(0).NoRow(layers.Key, error);
        }
    }

    private Row RowOf(TKey key, in TRow states)
    {
        try
        {
            return new Row(key, program.Project(key, in states));
        }
        catch (Exception error) when (error is OverflowException or AggregateFailedException or NoSuchValueException)
        {
            return new Row(key, error.Message);
        }
    }

    private sealed record Row(object? Key, object? Result);

    /// <summary>What was found so far.</summary>
    private sealed class Tally
    {
        public long Rows { get; set; }

        public long Added { get; set; }

        public long Removed { get; set; }

        public long Changed { get; set; }

        public PriorityQueue<RowDifference, double> Largest { get; } = new();

        public void Tell(RowDifference difference)
        {
            Largest.Enqueue(difference, difference.Size);
            if (Largest.Count > MostTold)
            {
                Largest.Dequeue();
            }
        }
    }
}
