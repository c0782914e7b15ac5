using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>
/// Judges the times of events, in the order of the log: moves the watermark, and says which events are late. Each event is judged once,
/// by the rules in force when it got its position; what was said is written down with it. For the log's single writer.
/// </summary>
/// <remarks>
/// The watermark is the highest event time less the allowed disorder in force at that event, over the events before a position that are not held back;
/// so it never goes back. The notion and the name are from Akidau et al., "The Dataflow Model", PVLDB 8(12), 2015, section 2.3.
/// </remarks>
internal sealed class EventTimeJudge
{
    /// <summary>The first moment that there is; a watermark is never before it.</summary>
    private static readonly long FirstTime = UnixTime.FromDateTimeOffset(DateTimeOffset.MinValue);

    private readonly EventTimeRules _rules;
    private EventTimeTally _tally;

    /// <summary>Goes on at a position.</summary>
    /// <param name="rules">The rules from here on.</param>
    /// <param name="tally">What the events before came to.</param>
    public EventTimeJudge(EventTimeRules rules, EventTimeTally tally)
    {
        _rules = rules;
        _tally = tally;
    }

    /// <summary>What all events so far came to.</summary>
    public EventTimeTally Tally => _tally;

    /// <summary>Judges the next group.</summary>
    /// <param name="times">The events' times, in microseconds since the Unix epoch.</param>
    /// <param name="ingestedAt">When the group was appended, in microseconds since the Unix epoch.</param>
    /// <param name="amending">The events that amend others, in order.</param>
    public GroupTimes Judge(ReadOnlySpan<long> times, long ingestedAt, ReadOnlySpan<int> amending = default)
    {
        long watermark = _tally.Watermark;
        long highest = long.MinValue;
        long bound = ingestedAt + _rules.FutureBound;
        int late = 0;
        int tooLate = 0;
        List<JudgedEvent>? judged = null;
        for (int i = 0; i < times.Length; i++)
        {
            long time = times[i];
            Verdict verdict = Verdict.None;
            if (time < watermark)
            {
                late++;
                if (time < watermark - _rules.GracePeriod)
                {
                    tooLate++;
                    verdict = OfTooLate(_rules.LateEvents);
                }
            }

            if (time > bound)
            {
                verdict |= Verdict.HeldBack;
            }

            if (!amending.IsEmpty && amending[0] == i)
            {
                // What is rejected counts nowhere, so it amends nothing.
                verdict |= verdict.HasFlag(Verdict.Rejected) ? Verdict.None : Verdict.Amending;
                amending = amending[1..];
            }

            if (verdict != Verdict.None)
            {
                (judged ??= []).Add(new JudgedEvent(i, verdict, watermark));
            }

            if (time <= bound)
            {
                highest = Math.Max(highest, time);
                watermark = Math.Max(watermark, Math.Max(time - _rules.AllowedDisorder, FirstTime));
            }
        }

        GroupTimes result = new(watermark, late, tooLate, _rules.GracePeriod, judged ?? (IReadOnlyList<JudgedEvent>)[]);
        _tally = _tally.Plus(result.Tally(highest));
        return result;
    }

    private static Verdict OfTooLate(LatePolicy policy) => policy switch
    {
        LatePolicy.BatchOnly => Verdict.BatchOnly,
        LatePolicy.Reject => Verdict.Rejected,
        _ => Verdict.None,
    };
}
