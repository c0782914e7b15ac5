using System.Linq.Expressions;
using LambdaCore.Aggregates;

namespace LambdaCore.Views;

/// <summary>Makes the program of a view over sessions out of the program over the states of one session.</summary>
internal static class SessionCompiler
{
    /// <summary>The program whose row is all sessions of the key's other columns.</summary>
    /// <param name="one">The program that folds the events of one session, and projects it.</param>
    public static ViewProgram<T, TKey, TResult, SessionSet<TRow>> Sessions<T, TKey, TResult, TRow>(ViewProgram<T, TKey, TResult, TRow> one)
        where TRow : struct, IState<TRow>
    {
        KeyColumn column = one.Plan.SessionKey!;
        Func<T, long> time = Time<T>(column.Scalar);
        long gap = column.SessionGap!.Value;
        FoldEvent<T, TRow> fold = one.Fold;
        ProjectRow<TKey, TRow, TResult> project = one.Project;
        return new ViewProgram<T, TKey, TResult, SessionSet<TRow>>
        {
            Plan = one.Plan,
            Key = one.Key,
            Filter = one.Filter,
            WriteEventKey = one.WriteEventKey,
            Fold = (T item, in EventStamp stamp, ref SessionSet<TRow> row) => fold(item, in stamp, ref row.At(time(item), gap)),
            WriteKey = one.WriteKey,
            ReadKey = one.ReadKey,
            Project = (TKey key, in SessionSet<TRow> row) => project(key, in row.Sessions[0].Row),
            ResultText = one.ResultText,
            UsesKey = one.UsesKey,
            WindowStart = null,
            Sessions = new SetOfSessions<TKey, TRow>(one.Key, gap),
        };
    }

    /// <summary>From an event to the time by which it belongs to a session, in microseconds since the Unix epoch.</summary>
    public static Func<T, long> Time<T>(Scalar time)
    {
        ParameterExpression @event = Expression.Parameter(typeof(T), "event");
        return Expression.Lambda<Func<T, long>>(new ScalarCode(@event).Write(time), @event).Compile();
    }

    private sealed class SetOfSessions<TKey, TRow>(KeyShape key, long gap) : SessionRows<TKey, SessionSet<TRow>>(key, gap)
        where TRow : struct, IState<TRow>
    {
        public override IReadOnlyList<SessionSpan> Spans(in SessionSet<TRow> first, in SessionSet<TRow> second) => SessionSet<TRow>.Spans(in first, in second);

        public override SessionSet<TRow> Slice(in SessionSet<TRow> row, int start, int end) => row.Slice(start, end);
    }
}
