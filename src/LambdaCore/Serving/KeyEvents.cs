using LambdaCore.Aggregates;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Serving;

/// <summary>Says which events a key's row is made of.</summary>
internal static class KeyEvents
{
    /// <summary>Finds out how to find them.</summary>
    /// <param name="program">The view.</param>
    /// <param name="key">The key.</param>
    /// <param name="entry">Its row; null if it has none.</param>
    /// <param name="receipt">What the row stands on.</param>
    /// <param name="sessionEnd">The end of its session, in microseconds since the Unix epoch; null if it is none.</param>
    public static KeyExplanation<TEvent, TKey, TResult> Of<TEvent, TKey, TResult, TRow>(
        ViewProgram<TEvent, TKey, TResult, TRow> program, TKey key, ViewEntry<TKey, TResult>? entry, Receipt receipt, long? sessionEnd)
        where TRow : struct, IState<TRow>
    {
        ByteWriter writer = new();
        program.WriteKey(key, writer);
        byte[] bytes = writer.Written.ToArray();
        List<string> conditions = [.. KeyRestriction.To(program.Plan, bytes).OnEvents(program.Plan)];
        Func<TEvent, bool> isInSession = _ => true;
        if (program.Sessions is { } sessions)
        {
            // Without a row there is no session of this key, whatever events its other columns have.
            (long first, long end) = (sessions.Start(key) ?? long.MaxValue, sessionEnd ?? long.MinValue);
            Scalar time = program.Plan.SessionKey!.Scalar;
            Func<TEvent, long> timeOf = SessionCompiler.Time<TEvent>(time);
            isInSession = e => timeOf(e) is var at && first <= at && at < end;
            conditions.Add(entry is null ? "FALSE" : KeyRestriction.IsWithin(time, first, end));
        }

        return new KeyExplanation<TEvent, TKey, TResult>(entry, receipt, conditions, () => Filter(new EventKeys()));

        Func<TEvent, bool> Filter(EventKeys keys) => e =>
        {
            if (program.Filter?.Invoke(e) == false || !isInSession(e))
            {
                return false;
            }

            keys.Clear();
            if (program.WriteEventKeys is { } several)
            {
                several(e, keys);
            }
            else
            {
                program.WriteEventKey(e, keys.Writer);
                keys.End();
            }

            for (int i = 0; i < keys.Count; i++)
            {
                if (keys[i].SequenceEqual(bytes))
                {
                    return true;
                }
            }

            return false;
        };
    }
}
