using LambdaCore.Aggregates;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Aggregates;

/// <summary>The laws that every mergeable state obeys, over every aggregate and every kind of input.</summary>
[TestFixtureSource(nameof(All))]
internal sealed class AggregateLaws(AggregateSubject subject)
{
    private static IEnumerable<AggregateSubject> All() =>
        RandomValue.Kinds.SelectMany(AggregateSubject.Over).Prepend(AggregateSubject.Of(AggregateFunctions.Count()));

    [Test]
    public void Cut_anywhere_the_parts_merge_to_the_whole()
    {
        Random random = Seed.Random(out int seed);
        for (int round = 0; round < 5; round++)
        {
            Sample[] samples = Samples.Of(subject.Function, random.Next(40), random);
            byte[] whole = subject.Fold(samples);
            for (int cut = 0; cut <= samples.Length; cut++)
            {
                byte[] merged = subject.Merge(subject.Fold(samples[..cut]), subject.Fold(samples[cut..]));
                Assert.That(merged, subject.Like(whole), $"seed {seed}, round {round}, cut {cut}");
            }
        }
    }

    [Test]
    public void Merging_is_associative_and_commutative_and_the_state_of_nothing_changes_nothing()
    {
        Random random = Seed.Random(out int seed);
        byte[] nothing = subject.Fold([]);
        for (int round = 0; round < 30; round++)
        {
            Sample[] samples = Samples.Of(subject.Function, 30, random);
            byte[] a = subject.Fold(samples.Where((_, i) => i % 3 == 0));
            byte[] b = subject.Fold(samples.Where((_, i) => i % 3 == 1));
            byte[] c = subject.Fold(samples.Where((_, i) => i % 3 == 2));

            Assert.Multiple(() =>
            {
                Assert.That(subject.Merge(subject.Merge(a, b), c), subject.Like(subject.Merge(a, subject.Merge(b, c))), $"associative, seed {seed}");
                Assert.That(subject.Merge(a, b), subject.Like(subject.Merge(b, a)), $"commutative, seed {seed}");
                Assert.That(subject.Merge(nothing, a), Is.EqualTo(a), $"left identity, seed {seed}");
                Assert.That(subject.Merge(a, nothing), Is.EqualTo(a), $"right identity, seed {seed}");
            });
        }
    }

    [Test]
    public void The_order_of_events_leaves_no_trace()
    {
        Random random = Seed.Random(out int seed);
        for (int round = 0; round < 20; round++)
        {
            Sample[] samples = Samples.Of(subject.Function, 30, random);
            byte[] forward = subject.Fold(samples);
            random.Shuffle(samples);
            Assert.That(subject.Fold(samples), subject.Like(forward), $"seed {seed}, round {round}");
        }
    }

    [Test]
    public void What_was_written_is_read_back_and_means_the_same()
    {
        Random random = Seed.Random(out int seed);
        for (int round = 0; round < 30; round++)
        {
            byte[] state = subject.Fold(Samples.Of(subject.Function, random.Next(10), random));
            Assert.That(subject.Merge(state), Is.EqualTo(state), $"seed {seed}, round {round}");
        }
    }

    [Test]
    public void Merging_shares_no_memory()
    {
        Random random = Seed.Random(out int seed);
        for (int round = 0; round < 20; round++)
        {
            Sample[] samples = Samples.Of(subject.Function, 60, random);
            int a = random.Next(20);
            int b = a + random.Next(20);
            Assert.That(subject.MergeSharesNothing(samples[..a], samples[a..b], samples[b..]), $"seed {seed}, round {round}");
        }
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
