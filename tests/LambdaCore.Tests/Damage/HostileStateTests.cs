using LambdaCore.Aggregates;
using LambdaCore.Batch;
using LambdaCore.CrashHost;
using LambdaCore.Tests.Aggregates;
using LambdaCore.Tests.Batch;
using LambdaCore.Tests.Values;
using LambdaCore.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Damage;

/// <summary>
/// States that somebody wrote into a lookup file on purpose, with checksums that are right, of every aggregate over every kind of value: each is taken for another state, or refused
/// by the name of its file; and what it makes us allocate is bounded by its length.
/// </summary>
[TestFixture]
internal sealed class HostileStateTests
{
    private const string Path = "views/v/1.lookup";

    /// <summary>A sketch of cells is eight times as large in memory as the varints that it is read from; a set of bytes costs up to forty times as much, with what it grows by when it is merged.</summary>
    private const long MostBytesPerByte = 200;
    private const long MostBytesAnyway = 1 << 20;
    private const int RowsPerFile = 100;

    [Test]
    public void A_hostile_state_is_refused_by_the_name_of_its_file_or_read()
    {
        Random random = Seed.Random(out int seed);
        IHostileState[] kinds = [.. Kinds()];
        int mutants = HostileBytes.Count(60_000);
        SortedDictionary<string, (int Mutants, int Refused)> tally = new(StringComparer.Ordinal);
        for (int done = 0; done < mutants; done += RowsPerFile)
        {
            IHostileState kind = kinds[done / RowsPerFile % kinds.Length];
            byte[] healthy = kind.Healthy(random);
            byte[] other = kind.Healthy(random);
            byte[][] states = [.. Enumerable.Range(0, RowsPerFile).Select(_ => HostileBytes.Mutate(healthy, random))];
            (int count, int refused) = tally.GetValueOrDefault(kind.Name);
            refused += Try(kind, states, other, $"seed {seed}, {kind}, from mutant {done} on");
            tally[kind.Name] = (count + RowsPerFile, refused);
        }

        foreach ((string name, (int count, int refused)) in tally)
        {
            TestContext.Out.WriteLine($"{name,-30} {count,8} mutants, {refused,8} refused");
        }

        Assert.That(tally.Sum(t => t.Value.Refused), Is.InRange(mutants / 20, mutants - 1), "some are refused, and some are not");
    }

    /// <summary>Reads rows as queries and merges do.</summary>
    private static int Try(IHostileState kind, byte[][] states, byte[] other, string what)
    {
        SortedDictionary<byte[], byte[]> rows = LookupScene.NewOracle();
        for (int i = 0; i < states.Length; i++)
        {
            rows[[(byte)i]] = states[i];
        }

        byte[] content = LookupScene.Write(rows);
        using GuardedMemory memory = new(content.Length);
        using LookupFile lookup = LookupFile.Open(memory.File(content), Path, LookupScene.View, LookupScene.Covered);
        int refused = 0;
        foreach (byte[] key in rows.Keys)
        {
            Assert.That(lookup.TryGet(key, XxHash64.Hash(key), out ReadOnlySpan<byte> state), Is.True);
            string one = $"{what}: {Convert.ToHexString(state)}";
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                kind.Use(lookup, state, other);
            }
            catch (LambdaCoreException error)
            {
                Assert.That(error.Message, Does.Contain($"'{Path}'").And.Contain(" at byte "), one);
                refused++;
            }
            catch (Exception error)
            {
                Assert.Fail($"{one}: {error}");
            }

            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.That(allocated, Is.LessThan(MostBytesAnyway + ((state.Length + other.Length) * MostBytesPerByte)), one);
        }

        return refused;
    }

    private static IEnumerable<IHostileState> Kinds()
    {
        foreach (AggregateSubject subject in RandomValue.Kinds.SelectMany(AggregateSubject.Over).Prepend(AggregateSubject.Of(AggregateFunctions.Count())))
        {
            yield return Make(typeof(One<>), subject);
            if (subject.Function.Inputs.Count == 0 || subject.Function.Inputs[0].Kind is ValueKind.Int64 or ValueKind.Float64 or ValueKind.String)
            {
                yield return Make(typeof(Sessions<>), subject);
            }
        }

        yield return new OfUser<GeometricMean, double, double?>(random => Math.Exp(random.NextDouble()));
        yield return new OfUser<DistinctTexts, string, IReadOnlyList<string>>(random => $"text {random.Next(9)}");
    }

    private static IHostileState Make(Type type, AggregateSubject subject) =>
        (IHostileState)Activator.CreateInstance(type.MakeGenericType(subject.Function.State), subject)!;

    /// <summary>A kind of state.</summary>
    private interface IHostileState
    {
        /// <summary>The name of the aggregate.</summary>
        string Name { get; }

        /// <summary>Some state of random events.</summary>
        byte[] Healthy(Random random);

        /// <summary>Reads a state, merges it with another from both sides, writes it, and asks for its result.</summary>
        void Use(LookupFile lookup, ReadOnlySpan<byte> state, byte[] other);
    }

    private static void UseRow<TRow>(LookupFile lookup, ReadOnlySpan<byte> state, byte[] other)
        where TRow : struct, IState<TRow>
    {
        byte[] again = StateTree.Write(lookup.Read<TRow>(state));
        Assert.That(StateTree.Write(StateBytes.Read<TRow>(again)), Is.EqualTo(again), "what was accepted is stable");
        TRow merged = StateBytes.Read<TRow>(other);
        lookup.MergeInto(ref merged, state);
        _ = StateBytes.Read<TRow>(StateTree.Write(in merged));
        try
        {
            TRow doubled = lookup.Read<TRow>(state);
            lookup.MergeInto(ref doubled, state);
        }
        catch (LookupDamagedException)
        {
            // No event is in two states.
        }
    }

    private sealed class One<TState>(AggregateSubject subject) : IHostileState
        where TState : struct, IState<TState>
    {
        public string Name => subject.Function.Name;

        public byte[] Healthy(Random random) => subject.Fold(Samples.Of(subject.Function, random.Next(12), random));

        public void Use(LookupFile lookup, ReadOnlySpan<byte> state, byte[] other)
        {
            UseRow<TState>(lookup, state, other);
            try
            {
                _ = subject.Result(state.ToArray());
            }
            catch (OverflowException)
            {
                // A sum that no events add up to may be too large to answer for, and says so.
            }
        }

        public override string ToString() => $"{subject}";
    }

    private sealed class Sessions<TState>(AggregateSubject subject) : IHostileState
        where TState : struct, IState<TState>
    {
        public string Name => "sessions";

        public byte[] Healthy(Random random)
        {
            SessionSet<StateRow<TState, EmptyRow>> set = default;
            for (int i = random.Next(5); i > 0; i--)
            {
                int position = i * 10;
                ref StateRow<TState, EmptyRow> row = ref set.At(random.Next(100) * 10, 50);
                TState state = StateTree.Read<TState>(subject.Fold(Samples.Of(subject.Function, random.Next(4), random).Select(s => s with { Stamp = new EventStamp(i, position++) })));
                row.Head.Merge(in state);
            }

            return StateTree.Write(in set);
        }

        public void Use(LookupFile lookup, ReadOnlySpan<byte> state, byte[] other)
        {
            UseRow<SessionSet<StateRow<TState, EmptyRow>>>(lookup, state, other);
            SessionSet<StateRow<TState, EmptyRow>> left = lookup.Read<SessionSet<StateRow<TState, EmptyRow>>>(state);
            SessionSet<StateRow<TState, EmptyRow>> right = StateBytes.Read<SessionSet<StateRow<TState, EmptyRow>>>(other);
            foreach (SessionSpan span in SessionSet<StateRow<TState, EmptyRow>>.Spans(in left, in right))
            {
                _ = left.Slice(span.LeftStart, span.LeftEnd);
                _ = right.Slice(span.RightStart, span.RightEnd);
            }
        }

        public override string ToString() => $"sessions of {subject}";
    }

    private sealed class OfUser<TAggregate, TInput, TResult>(Func<Random, TInput> input) : IHostileState
        where TAggregate : struct, IAggregate<TAggregate, TInput, TResult>
    {
        public string Name => "user's";

        public byte[] Healthy(Random random)
        {
            UserState<TAggregate, TInput, TResult> state = default;
            for (int i = random.Next(5); i > 0; i--)
            {
                state.Add(input(random), new EventStamp(0, i));
            }

            return StateTree.Write(in state);
        }

        public void Use(LookupFile lookup, ReadOnlySpan<byte> state, byte[] other) => UseRow<UserState<TAggregate, TInput, TResult>>(lookup, state, other);

        public override string ToString() => $"state of {typeof(TAggregate).Name}";
    }
}
