using LambdaCore.Aggregates;
using LambdaCore.Values;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Aggregates;

/// <summary>The sketch of distinct values: its accuracy, and that it is a function of the set of hashes.</summary>
[TestFixture]
internal sealed unsafe class HyperLogLogTests
{
    [Test]
    public void Any_order_and_any_grouping_give_the_bytes_that_the_definition_gives([Range(4, 18)] int precision)
    {
        Random random = Seed.Random(out int seed);
        int limit = SparseCodes.Limit(precision);
        foreach (int count in (int[])[0, 1, limit - 1, limit, limit + 1, limit * 2])
        {
            ulong[] hashes = [.. Enumerable.Range(0, count).Select(_ => Hash(random))];
            byte[] expected = ByDefinition(hashes, precision);
            ulong[] repeated = [.. hashes, .. hashes.Take(count / 2)];
            random.Shuffle(repeated);
            HyperLogLogState parts = default;
            foreach (ulong[] chunk in repeated.Chunk(Math.Max(1, repeated.Length / 5)))
            {
                HyperLogLogState part = Of(chunk, precision);
                parts.Merge(in part);
            }

            HyperLogLogState backwards = Of(repeated[(repeated.Length / 3)..], precision);
            HyperLogLogState front = Of(repeated[..(repeated.Length / 3)], precision);
            front.Merge(in backwards);
            Assert.Multiple(() =>
            {
                Assert.That(Write(Of(hashes, precision)), Is.EqualTo(expected), $"added, {count} hashes, seed {seed}");
                Assert.That(Write(Of(repeated, precision)), Is.EqualTo(expected), $"shuffled with repetitions, {count} hashes, seed {seed}");
                Assert.That(Write(parts), Is.EqualTo(expected), $"merged, {count} hashes, seed {seed}");
                Assert.That(Write(front), Is.EqualTo(expected), $"merged the other way, {count} hashes, seed {seed}");
                Assert.That(Write(Read(expected)), Is.EqualTo(expected), $"read, {count} hashes, seed {seed}");
            });
        }
    }

    [Test]
    public void Relative_errors_at_the_default_precision_are_those_of_theory()
    {
        // The bounds are statistical, so the seed is fixed: three standard errors of the mean, 15 % of the deviation.
        const double Theory = 1.04 / 64;
        (int Distinct, int Sets)[] sizes = [(100, 1000), (700, 500), (10_000, 500), (100_000, 200), (1_000_000, 200)];
        TestContext.Out.WriteLine($"{"distinct",10} {"sets",6} {"bias",10} {"RMS",10} {"of theory",10}");
        foreach ((int distinct, int sets) in sizes)
        {
            (double bias, double rms, bool dense) = Measure(distinct, sets, Precision.Default);
            TestContext.Out.WriteLine($"{distinct,10} {sets,6} {bias,10:P4} {rms,10:P4} {rms / Theory,10:F3}");
            Assert.Multiple(() =>
            {
                Assert.That(dense, Is.EqualTo(distinct > SparseCodes.Limit(Precision.Default)));
                Assert.That(Math.Abs(bias), Is.LessThanOrEqualTo(3 * rms / Math.Sqrt(sets)), $"bias at {distinct}");
                Assert.That(rms, dense ? Is.EqualTo(Theory).Within(15).Percent : Is.LessThan(Theory / 20), $"RMS at {distinct}");
            });
        }
    }

    [Test]
    public void Relative_errors_at_every_precision_are_those_of_theory([Range(4, 18)] int precision)
    {
        int sets = precision <= 14 ? 400 : 100;
        int registers = 1 << precision;
        double theory = 1.04 / Math.Sqrt(registers);
        (double bias, double rms, bool dense) = Measure(4 * registers, sets, precision);
        TestContext.Out.WriteLine($"precision {precision,2}: bias {bias:P4}, RMS {rms:P4}, {rms / theory:F3} of theory");
        Assert.Multiple(() =>
        {
            Assert.That(dense);
            // Four values per register, the estimator is still a little better than its asymptote.
            Assert.That(rms, Is.InRange(0.75 * theory, 1.15 * theory));
            Assert.That(Math.Abs(bias), Is.LessThanOrEqualTo((1.0 / registers) + (3 * rms / Math.Sqrt(sets))));
        });
    }

    [Test]
    public void Hashed_texts_and_numbers_are_counted_within_five_standard_errors([Values(5_000, 100_000)] int distinct)
    {
        HyperLogLogState texts = default;
        HyperLogLogState numbers = default;
        for (int i = 0; i < distinct; i++)
        {
            texts.Add(12, ValueHash.Of($"user-{i}"));
            numbers.Add(12, ValueHash.Of((long)i));
        }

        Assert.That(texts.Estimate(), Is.EqualTo(distinct).Within(5 * 1.04 / 64 * 100).Percent);
        Assert.That(numbers.Estimate(), Is.EqualTo(distinct).Within(5 * 1.04 / 64 * 100).Percent);
    }

    [TestCase(1e9)]
    [TestCase(1e15)]
    [TestCase(4e18)]
    [TestCase(8e18)]
    public void Counts_beyond_any_log_up_to_the_hash_space_are_estimated_from_their_registers(double distinct)
    {
        // Registers as so many hashes would leave them: at most k with probability exp(-distinct / 2^12 / 2^k).
        Random random = new(7);
        byte[] bytes = new byte[2 + 4096];
        bytes[0] = 12;
        for (int i = 2; i < bytes.Length; i++)
        {
            double level = random.NextDouble();
            while (bytes[i] < 53 && Math.Exp(-distinct / 4096 / Math.Pow(2, bytes[i])) < level)
            {
                bytes[i]++;
            }
        }

        Assert.That(Read(bytes).Estimate(), Is.EqualTo(distinct).Within(5 * 1.04 / 64 * 100).Percent);
    }

    [Test]
    public void The_fullest_sketch_has_a_result()
    {
        HyperLogLogState state = default;
        for (ulong i = 0; i < 1 << 12; i++)
        {
            state.Add(12, i << 52);
        }

        AggregateSubject subject = AggregateSubject.Of(AggregateFunctions.ApproxDistinct(new ScalarType(ValueKind.Int64, false)));
        Assert.That(subject.Result(Write(state)), Is.EqualTo(long.MaxValue));
        Assert.That(Of([0, ulong.MaxValue], 12).Estimate(), Is.EqualTo(2).Within(0.001));
    }

    [TestCase("0C 02 41000000 81000000", true, TestName = "Codes in ascending order are read")]
    [TestCase("0C 02 81000000 41000000", false, TestName = "Codes out of order are refused")]
    [TestCase("0C 02 41000000 42000000", false, TestName = "Two codes of one index are refused")]
    [TestCase("0C 01 40000000", false, TestName = "A code of rank 0 is refused")]
    [TestCase("0C 01 68000000", true, TestName = "A code of rank 40 is read")]
    [TestCase("0C 01 69000000", false, TestName = "A code of rank 41 is refused")]
    [TestCase("0C 01 41000080", false, TestName = "An index of 26 bits is refused")]
    [TestCase("04 04 41000000 81000000 C1000000 01010000", false, TestName = "More codes than a sparse sketch has are refused")]
    [TestCase("03 00 00000000 00000000", false, TestName = "A precision of 3 is refused")]
    [TestCase("13 01 41000000", false, TestName = "A precision of 19 is refused")]
    [TestCase("04 00 3D000000 00000000 00000000 00000000", true, TestName = "A register of the greatest rank is read")]
    [TestCase("04 00 00000000 00000000 00000000 0000003E", false, TestName = "A register above the greatest rank is refused")]
    public void Bytes_that_no_sketch_has_are_refused(string hex, bool good)
    {
        byte[] bytes = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        if (good)
        {
            Assert.That(Write(Read(bytes)), Is.EqualTo(bytes));
        }
        else
        {
            Assert.That(() => Read(bytes), Throws.InstanceOf<InvalidDataException>());
        }
    }

    [Test]
    public void Sketches_of_different_precision_do_not_mix()
    {
        HyperLogLogState twelve = Of([1], 12);
        HyperLogLogState ten = Of([1], 10);
        Assert.That(() => twelve.Merge(in ten), Throws.InvalidOperationException.With.Message.Contains("12").And.Message.Contains("10"));
        Assert.That(() => twelve.Add(10, 1), Throws.InvalidOperationException);
        HyperLogLogState dense = Of([.. Enumerable.Range(0, 100).Select(i => (ulong)i << 40)], 4);
        Assert.That(() => dense.Add(5, 1), Throws.InvalidOperationException);
    }

    private static (double Bias, double Rms, bool Dense) Measure(int distinct, int sets, int precision)
    {
        double sum = 0;
        double squares = 0;
        bool dense = false;
        ulong next = (ulong)distinct << 8 | (uint)precision;
        for (int set = 0; set < sets; set++)
        {
            HyperLogLogState state = default;
            for (int i = 0; i < distinct; i++)
            {
                state.Add(precision, SplitMix(ref next));
            }

            double error = (state.Estimate() / distinct) - 1;
            sum += error;
            squares += error * error;
            dense = state.IsDense;
        }

        return (sum / sets, Math.Sqrt(squares / sets), dense);
    }

    // SplitMix64 (Steele, Lea, Flood 2014): distinct outputs over its whole period, as good as random.
    private static ulong SplitMix(ref ulong state)
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    // Random bits, with long runs of zeros now and then, so that ranks beyond the sparse index occur.
    private static ulong Hash(Random random)
    {
        ulong hash = (ulong)random.NextInt64() << 1 ^ (ulong)random.NextInt64();
        return random.Next(3) == 0 ? hash & ~((1UL << random.Next(64)) - 1) & (ulong.MaxValue << random.Next(64)) : hash;
    }

    private static byte[] ByDefinition(ulong[] hashes, int precision)
    {
        if (hashes.Length == 0)
        {
            return [0];
        }

        Dictionary<uint, uint> sparse = [];
        byte[] registers = new byte[1 << precision];
        foreach (ulong hash in hashes)
        {
            string bits = Convert.ToString((long)hash, 2).PadLeft(64, '0');
            uint index = Convert.ToUInt32(bits[..25], 2);
            sparse[index] = Math.Max(sparse.GetValueOrDefault(index), (uint)(bits[25..] + "1").IndexOf('1', StringComparison.Ordinal) + 1);
            int register = Convert.ToInt32(bits[..precision], 2);
            registers[register] = Math.Max(registers[register], (byte)((bits[precision..] + "1").IndexOf('1', StringComparison.Ordinal) + 1));
        }

        ByteWriter writer = new();
        writer.WriteByte((byte)precision);
        if (sparse.Count > 3 << (precision - 4))
        {
            writer.WriteByte(0);
            writer.WriteRaw(registers);
            return writer.Written.ToArray();
        }

        writer.WriteVarint((uint)sparse.Count);
        foreach ((uint index, uint rank) in sparse.OrderBy(e => e.Key))
        {
            writer.WriteInt32((int)((index << 6) | rank));
        }

        return writer.Written.ToArray();
    }

    private static HyperLogLogState Of(ulong[] hashes, int precision)
    {
        HyperLogLogState state = default;
        foreach (ulong hash in hashes)
        {
            state.Add(precision, hash);
        }

        return state;
    }

    private static byte[] Write(HyperLogLogState state)
    {
        ByteWriter writer = new();
        state.Write(writer);
        return writer.Written.ToArray();
    }

    private static HyperLogLogState Read(byte[] bytes)
    {
        fixed (byte* start = bytes)
        {
            ByteReader reader = new(start, bytes.Length);
            return HyperLogLogState.Read(ref reader);
        }
    }
}
