using LambdaCore.Log;
using NUnit.Framework;

namespace LambdaCore.Tests.Log;

[TestFixture]
internal sealed class LogPositionTests
{
    [Test]
    public void Positions_are_ordered_by_their_number()
    {
        var two = new LogPosition(2);
        var three = new LogPosition(3);
        Assert.Multiple(() =>
        {
            Assert.That(two < three && two <= three && three > two && three >= two, Is.True);
            Assert.That(two > three || three < two || three <= two || two >= three, Is.False);
            Assert.That(two.CompareTo(three), Is.Negative);
            Assert.That(LogPosition.Min(three, two), Is.EqualTo(two));
            Assert.That(LogPosition.Max(three, two), Is.EqualTo(three));
            Assert.That(two.Plus(1), Is.EqualTo(three));
            Assert.That(default(LogPosition), Is.EqualTo(LogPosition.Zero));
            Assert.That($"{three}", Is.EqualTo("3"));
        });
    }

    [Test]
    public void There_is_no_position_before_zero_or_behind_the_last_number()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => new LogPosition(-1), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => LogPosition.Zero.Plus(-1), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => new LogPosition(long.MaxValue).Plus(1), Throws.InstanceOf<OverflowException>());
        });
    }

    [Test]
    public void A_range_holds_its_start_and_not_its_end()
    {
        var range = new LogRange(new LogPosition(2), new LogPosition(5));
        Assert.Multiple(() =>
        {
            Assert.That(range.Count, Is.EqualTo(3));
            Assert.That(range.IsEmpty, Is.False);
            Assert.That(range.Contains(new LogPosition(1)), Is.False);
            Assert.That(range.Contains(new LogPosition(2)), Is.True);
            Assert.That(range.Contains(new LogPosition(4)), Is.True);
            Assert.That(range.Contains(new LogPosition(5)), Is.False);
            Assert.That($"{range}", Is.EqualTo("[2,5)"));
            Assert.That(new LogRange(range.End, range.End).IsEmpty, Is.True);
            Assert.That(() => new LogRange(range.End, range.Start), Throws.InstanceOf<ArgumentOutOfRangeException>());
        });
    }

    [Test]
    public void Positions_are_in_their_order_for_those_who_know_no_types_too()
    {
        System.Collections.ArrayList positions = [new LogPosition(3), null, new LogPosition(1)];
        positions.Sort();
        Assert.That(positions, Is.EqualTo(new object?[] { null, new LogPosition(1), new LogPosition(3) }));
        Assert.That(() => ((IComparable)LogPosition.Zero).CompareTo(0L), Throws.ArgumentException.With.Message.Contains("System.Int64"));
    }
}
