using LambdaCore.Log;
using LambdaCore.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Log;

[TestFixture]
internal sealed class EventTimeJudgeTests
{
    private const long Now = 1000;

    [Test]
    public void The_watermark_follows_the_highest_time_and_never_goes_back()
    {
        EventTimeJudge judge = Judge(disorder: 10);
        Assert.That(judge.Judge([100, 50, 120, 110], Now).Watermark, Is.EqualTo(110));
        Assert.That(judge.Judge([60], Now).Watermark, Is.EqualTo(110));
        EventTimeJudge later = new(new EventTimeRules(100, 0, LatePolicy.Include, 0), judge.Tally);
        Assert.That(later.Judge([121], Now).Watermark, Is.EqualTo(110), "with more disorder than before");
        Assert.That(later.Judge([220], Now).Watermark, Is.EqualTo(120));
    }

    [Test]
    public void An_event_is_late_before_the_watermark_and_too_late_beyond_the_grace_period()
    {
        EventTimeJudge judge = Judge(grace: 20, policy: LatePolicy.Reject);
        GroupTimes times = judge.Judge([100, 100, 99, 80, 79], Now);
        Assert.That((times.Late, times.TooLate), Is.EqualTo((3, 1)));
        Assert.That(times.Judged, Is.EqualTo(new[] { new JudgedEvent(4, Verdict.Rejected, 100) }));
        Assert.That(times.Skipped.ToArray(), Is.EqualTo(new[] { 4 }));
    }

    [Test]
    public void An_event_beyond_the_future_bound_is_held_back_and_counts()
    {
        EventTimeJudge judge = Judge(future: 50);
        GroupTimes times = judge.Judge([100, Now + 51, Now + 50], Now);
        Assert.That(times.Judged, Is.EqualTo(new[] { new JudgedEvent(1, Verdict.HeldBack, 100) }));
        Assert.That(times.Skipped.IsEmpty, Is.True);
        Assert.That(judge.Tally, Is.EqualTo(new EventTimeTally(Now + 50, Now + 50, 0, 0, 0, 0, 1)));
    }

    [Test]
    public void Included_events_need_no_note_and_those_in_order_need_no_bytes()
    {
        Assert.That(NoteOf(Judge().Judge([1, 2, 3], Now)), Is.Empty);
        GroupTimes late = Judge().Judge([3, 2], Now);
        Assert.That(late.Judged, Is.Empty);
        Assert.That(NoteOf(late), Is.Not.Empty, "how many were late");
    }

    [Test]
    public void A_note_is_read_as_it_was_written_and_no_other_length_is()
    {
        GroupTimes times = Judge(grace: 5, policy: LatePolicy.BatchOnly, future: 0).Judge([500, 1, 2, Now + 1, 3], Now);
        byte[] note = NoteOf(times);
        GroupTimes read = GroupTimes.ReadNote(times.Watermark, note);
        Assert.That((read.Late, read.TooLate, read.GracePeriod, read.Watermark), Is.EqualTo((times.Late, times.TooLate, times.GracePeriod, times.Watermark)));
        Assert.That(read.Judged, Is.EqualTo(times.Judged));
        for (int length = 1; length < note.Length; length++)
        {
            Assert.That(() => GroupTimes.ReadNote(0, note.AsSpan(0, length)), Throws.InstanceOf<InvalidDataException>());
        }
    }

    [Test]
    public void An_event_that_amends_others_waits_unless_it_is_rejected()
    {
        GroupTimes included = Judge().Judge([100, 101, 102], Now, [0, 2]);
        Assert.That(included.Judged, Is.EqualTo(new[] { new JudgedEvent(0, Verdict.Amending, long.MinValue), new JudgedEvent(2, Verdict.Amending, 101) }));
        Assert.That(included.Skipped.ToArray(), Is.EqualTo(new[] { 0, 2 }));
        Assert.That(GroupTimes.ReadNote(included.Watermark, NoteOf(included)).Judged, Is.EqualTo(included.Judged));
        Assert.That(Judge(policy: LatePolicy.BatchOnly).Judge([100, 1], Now, [1]).Judged.Single().Verdict, Is.EqualTo(Verdict.BatchOnly | Verdict.Amending));
        EventTimeJudge rejecting = Judge(policy: LatePolicy.Reject);
        Assert.That(rejecting.Judge([100, 1], Now, [1]).Judged.Single().Verdict, Is.EqualTo(Verdict.Rejected));
        Assert.That((rejecting.Tally.Amending, rejecting.Tally.Rejected), Is.EqualTo((0, 1)));
    }

    private static byte[] NoteOf(GroupTimes times)
    {
        ByteWriter writer = new();
        times.WriteNote(writer);
        return writer.Written.ToArray();
    }

    private static EventTimeJudge Judge(long disorder = 0, long grace = 0, LatePolicy policy = LatePolicy.Include, long future = 0) =>
        new(new EventTimeRules(disorder, grace, policy, future), EventTimeTally.None);
}
