using LambdaCore.Aggregates;
using LambdaCore.Views;

namespace LambdaCore.Serving;

/// <summary>What the layers hold for one session: what becomes one row.</summary>
/// <param name="First">The time of its first event, in microseconds since the Unix epoch.</param>
/// <param name="End">Its end, the gap after its last event.</param>
/// <param name="Share">The weight of the batch value.</param>
/// <param name="States">What the layers hold for it.</param>
internal readonly record struct SessionStates<TRow>(long First, long End, BatchShare Share, KeyStates<TRow> States)
    where TRow : struct, IState<TRow>
{
    /// <summary>
    /// Takes what is held for a key apart into its sessions. The layers need not agree about these: a late event in one may join two of the other. What
    /// decides is the session of both together. Where it has its batch value, the batch's own sessions take its place, with their own starts; a
    /// blend needs one and the same start on both sides, and is the real-time value otherwise.
    /// </summary>
    /// <param name="sessions">Takes states apart.</param>
    /// <param name="states">What the layers hold; used up.</param>
    /// <param name="how">The reconciliation.</param>
    /// <param name="isWanted">Whether sessions between a first event and an end are of interest.</param>
    public static List<SessionStates<TRow>> Split<TKey>(
        SessionRows<TKey, TRow> sessions, in KeyStates<TRow> states, in RowReconciliation how, Func<long, long, bool> isWanted)
    {
        List<SessionStates<TRow>> split = [];
        foreach (SessionSpan span in sessions.Spans(in states.Batch, in states.Speed))
        {
            long end = span.Last + sessions.Gap;
            if (!isWanted(span.First, end))
            {
                continue;
            }

            KeyStates<TRow> session = Part(sessions, in states, in span);
            BatchShare share = how.ShareOf(end, session.Sources);
            if (share.IsNone || !session.IsMerged)
            {
                split.Add(new SessionStates<TRow>(span.First, end, share, session));
                continue;
            }

            IReadOnlyList<SessionSpan> ofBatch = sessions.Spans(in session.Batch, default);
            if (share.IsAll)
            {
                split.AddRange(ofBatch.Select(own => new SessionStates<TRow>(own.First, own.Last + sessions.Gap, share, Part(sessions, in session, in own))));
            }
            else
            {
                bool isSame = ofBatch.Count == 1 && ofBatch[0].First == span.First;
                split.Add(new SessionStates<TRow>(span.First, end, isSame ? share : BatchShare.None, session));
            }
        }

        return split;
    }

    private static KeyStates<TRow> Part<TKey>(SessionRows<TKey, TRow> sessions, in KeyStates<TRow> states, in SessionSpan span) => states with
    {
        Batch = sessions.Slice(in states.Batch, span.LeftStart, span.LeftEnd),
        Speed = sessions.Slice(in states.Speed, span.RightStart, span.RightEnd),
        Sources = (span.LeftStart < span.LeftEnd ? AnswerSource.Batch : AnswerSource.None) | (span.RightStart < span.RightEnd ? states.Sources & ~AnswerSource.Batch : AnswerSource.None),
    };
}
