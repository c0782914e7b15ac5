using LambdaCore.Aggregates;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Aggregates;

/// <summary>The laws that every mergeable state obeys, over every aggregate and every kind of input.</summary>
[TestFixtureSource(nameof(All))]
internal sealed class AggregateLawTests(AggregateSubject subject)
{
    private static IEnumerable<AggregateSubject> All() =>
        RandomValue.Kinds.SelectMany(AggregateSubject.Over).Prepend(AggregateSubject.Of(AggregateFunctions.Count()));

    [Test]
    public void Every_law_holds()
    {
        Seed.Random(out int seed);
        subject.CheckLaws(seed);
    }

    [Test]
    public void Damaged_bytes_are_refused_or_read_as_another_state_but_never_worse()
    {
        Random random = Seed.Random(out int seed);
        for (int round = 0; round < 200; round++)
        {
            byte[] good = subject.Fold(Samples.Of(subject.Function, random.Next(10), random));
            byte[] bad = Damage(good, random);
            try
            {
                byte[] again = subject.Merge(bad);
                Assert.That(subject.Merge(again), Is.EqualTo(again), $"what was accepted is stable; seed {seed}, round {round}");
                subject.Result(bad);
            }
            catch (InvalidDataException)
            {
            }
            catch (OverflowException)
            {
                // A sum that no events add up to may be too large to answer for.
            }
            catch (Exception e) when (e is not AssertionException)
            {
                Assert.Fail($"seed {seed}, round {round}: {Convert.ToHexString(bad)} gave {e}");
            }
        }
    }

    [Test]
    public void Bytes_that_end_early_are_refused()
    {
        Random random = Seed.Random(out int seed);
        byte[] state = subject.Fold(Samples.Of(subject.Function, 10, random));
        for (int length = 0; length < state.Length; length++)
        {
            Assert.That(() => subject.Merge(state[..length]), Throws.InstanceOf<InvalidDataException>(), $"seed {seed}, {length} of {Convert.ToHexString(state)}");
        }
    }

    private static byte[] Damage(byte[] bytes, Random random)
    {
        byte[] bad = [.. bytes];
        switch (random.Next(4))
        {
            case 0:
                bad[random.Next(bad.Length)] ^= (byte)(1 << random.Next(8));
                return bad;
            case 1:
                bad[random.Next(bad.Length)] = (byte)random.Next(256);
                return bad;
            case 2:
                return [.. bad, (byte)random.Next(256)];
            default:
                random.NextBytes(bad);
                return bad;
        }
    }
}
