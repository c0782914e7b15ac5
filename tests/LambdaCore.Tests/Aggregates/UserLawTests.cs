using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Aggregates;

/// <summary>The public check finds out aggregates that break a law, says which, and lets those pass that keep all.</summary>
[TestFixture]
internal sealed class UserLawTests
{
    [Test]
    public void Good_aggregates_pass()
    {
        Seed.Random(out int seed);
        string[] texts = ["", "a", "b", "a\0", "\uFFFF", "😀"];
        AggregateLaws.Check(default(GeometricMean), random => Math.Exp((random.NextDouble() * 20) - 10), seed: seed);
        AggregateLaws.Check(default(DistinctTexts), texts, seed: seed);
        AggregateLaws.Check(default(WeightedSum), random => (random.NextInt64(), random.Next(2) == 0 ? null : random.Next()), seed: seed);
        AggregateLaws.Check(default(Seen<double?>), [null, double.NaN, 0, -0.0, 1.5], seed: seed);
        AggregateLaws.Check(default(Broken<Flawless>), random => random.Next(20), seed: seed);
    }

    [Test]
    public void A_broken_law_is_named_with_a_small_example_and_the_seed()
    {
        AssertBroken(default(Broken<ForgetsWhatIsMergedIntoNothing>), "The default value is the identity of Merge.", 1);
        AssertBroken(default(Broken<KeepsTheLatestValueAdded>), "The order of the events leaves no trace.", 2, "Any division of the events into states that are merged gives the state of all.");
        AssertBroken(default(Broken<KeepsTheLeftInMerge>), "Merge is commutative.", 2, "Merge is associative.", "Any division of the events into states that are merged gives the state of all.");
        AssertBroken(default(Broken<SubtractsInMerge>), "Merge is commutative.", 2, "Merge is associative.", "Any division of the events into states that are merged gives the state of all.");
        AssertBroken(default(Broken<WritesOneLess>), "What is written is read back as the same state, and neither Write nor Result changes it.", 0);
        AssertBroken(default(Broken<SharesItsArray>), "Merge leaves the other state as it is, and shares no memory with it.", 2, "The default value is the identity of Merge.", "Any division of the events into states that are merged gives the state of all.");
        AssertBroken(default(Broken<ChangesWhenAsked>), "What is written is read back as the same state, and neither Write nor Result changes it.", 0);
    }

    [Test]
    public void An_exception_is_a_broken_law_and_the_event_that_causes_it_is_found()
    {
        AggregateLawException error = Assert.Throws<AggregateLawException>(() => AggregateLaws.Check(default(Broken<ThrowsForThirteen>), random => random.Next(20), seed: 5))!;
        Assert.That(error.Message, Does.Contain("thirteen").And.Contain("1 events: 13 at ").And.Contain("seed: 5"));
        Assert.That(error.InnerException, Is.TypeOf<InvalidOperationException>());
    }

    [Test]
    public void Results_of_aggregates_that_depend_on_order_are_compared_as_asked()
    {
        Assert.That(() => AggregateLaws.Check(default(GeometricMean), random => random.NextDouble() + 0.5, (a, b) => a.Equals(b), rounds: 500), Throws.TypeOf<AggregateLawException>());
        Assert.That(() => AggregateLaws.Check(default(GeometricMean), random => random.NextDouble() + 0.5, (a, b) => Math.Abs((a - b) ?? 0) < 1e-6), Throws.Nothing);
    }

    private static void AssertBroken<TFlaw>(Broken<TFlaw> aggregate, string law, int events, params string[] orElse)
        where TFlaw : IFlaw
    {
        AggregateLawException error = Assert.Throws<AggregateLawException>(() => AggregateLaws.Check(aggregate, random => random.Next(1, 20), seed: 17), typeof(TFlaw).Name)!;
        Assert.That(error.Law, Is.EqualTo(law).Or.AnyOf([.. orElse, ""]), error.Message);
        Assert.That(error.Message, Does.Contain("seed: 17").And.Contain($"{events} events"), typeof(TFlaw).Name);
        AggregateLawException again = Assert.Throws<AggregateLawException>(() => AggregateLaws.Check(aggregate, random => random.Next(1, 20), seed: 17))!;
        Assert.That(again.Message, Is.EqualTo(error.Message), "the same seed finds the same");
    }
}
