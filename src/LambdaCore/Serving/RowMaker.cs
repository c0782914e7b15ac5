using LambdaCore.Aggregates;
using LambdaCore.Batch;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Serving;

/// <summary>Makes results of states, as a reconciliation says. Thread-safe.</summary>
/// <param name="program">The view.</param>
/// <param name="windows">The windows of event time in the view's key; null if there are none.</param>
internal sealed class RowMaker<TEvent, TKey, TResult, TRow>(ViewProgram<TEvent, TKey, TResult, TRow> program, WindowAssigner? windows)
    where TRow : struct, IState<TRow>
{
    private readonly Lazy<BlendResults<TResult>> _blend = new(() => ResultBlend.Of<TResult>(program.Plan.Name).Compile());

    /// <summary>Refuses a reconciliation that the view's results do not allow.</summary>
    /// <exception cref="ArgumentException">Results of the type cannot be blended.</exception>
    public void Check(Reconciliation reconciliation)
    {
        if (reconciliation.Mode == ReconciliationMode.Hybrid)
        {
            _ = _blend.Value;
        }
    }

    /// <summary>The weight of the batch value in the row of a key, by the window of the key.</summary>
    public BatchShare ShareOf(in RowReconciliation how, TKey key, AnswerSource sources)
    {
        long? start = windows is null || !how.IsByWindow ? null : program.WindowStart!(key);
        return how.ShareOf(start is { } at ? windows!.End(at) : null, sources);
    }

    /// <summary>Makes the row of one key that was asked for by itself, and counts it.</summary>
    /// <param name="how">The reconciliation.</param>
    /// <param name="key">The key.</param>
    /// <param name="states">What the layers hold for its columns but the start of a session; used up.</param>
    /// <param name="made">The row.</param>
    /// <returns>False if the key has no row.</returns>
    /// <exception cref="OverflowException">A sum does not fit the type of the result.</exception>
    /// <exception cref="LookupDamagedException">A batch view holds what no event can have led to.</exception>
    public bool TryMakeOne(ref RowReconciliation how, TKey key, ref KeyStates<TRow> states, out MadeRow<TResult> made)
    {
        BatchShare share = ShareOf(in how, key, states.Sources);
        long? sessionEnd = null;
        if (program.Sessions is { } sessions)
        {
            long? start = sessions.Start(key);
            SessionStates<TRow> session = SessionStates<TRow>.Split(sessions, in states, in how, (first, end) => first <= start && start < end).FirstOrDefault(s => s.First == start);
            (share, sessionEnd, states) = (session.Share, session.End, session.States);
        }

        try
        {
            if (states.Sources == AnswerSource.None || !TryMake(ref how, key, share, ref states, out made))
            {
                made = default;
                return false;
            }
        }
        catch (NoSuchValueException error)
        {
            throw states.Damage(program.Plan.Name, error);
        }

        how.Count(made.Share);
        made = made with { SessionEnd = sessionEnd };
        return true;
    }

    /// <summary>Makes the result of one key.</summary>
    /// <param name="how">The reconciliation.</param>
    /// <param name="key">The key.</param>
    /// <param name="share">The weight of the batch value.</param>
    /// <param name="states">What the layers hold for it, at least one of them something; used up.</param>
    /// <param name="made">The result.</param>
    /// <returns>False if the key has no row.</returns>
    /// <exception cref="OverflowException">A sum does not fit the type of the result.</exception>
    public bool TryMake(ref RowReconciliation how, TKey key, BatchShare share, ref KeyStates<TRow> states, out MadeRow<TResult> made)
    {
        AnswerSource sources = states.Sources;
        if (share.IsAll)
        {
            if (!sources.HasFlag(AnswerSource.Batch))
            {
                how.CountWithheld();
                made = default;
                return false;
            }

            made = new MadeRow<TResult>(program.Project(key, in states.Batch), AnswerSource.Batch, share);
            return true;
        }

        if (share.IsNone || !states.IsMerged)
        {
            TRow merged = states.Merged();
            made = new MadeRow<TResult>(program.Project(key, in merged), sources, share);
            return true;
        }

        // Merging uses the batch's states up, so their result comes first.
        TResult batch = program.Project(key, in states.Batch);
        TRow all = states.Merged();
        made = new MadeRow<TResult>(_blend.Value(program.Project(key, in all), batch, share), sources, share);
        return true;
    }
}

/// <summary>The result of one key.</summary>
/// <param name="Result">The result.</param>
/// <param name="Sources">The layers that it was made of.</param>
/// <param name="Share">The weight of the batch value.</param>
internal readonly record struct MadeRow<TResult>(TResult Result, AnswerSource Sources, BatchShare Share)
{
    /// <summary>The end of the session that the row is of, in microseconds since the Unix epoch; null if the key has none.</summary>
    public long? SessionEnd { get; init; }
}
