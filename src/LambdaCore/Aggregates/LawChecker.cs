using System.Collections;
using System.Globalization;
using System.Text;

namespace LambdaCore.Aggregates;

/// <summary>Holds an aggregate to its laws, with random events, and finds a small example where one is broken.</summary>
/// <typeparam name="TState">The state.</typeparam>
/// <typeparam name="TInput">The input.</typeparam>
/// <param name="subject">The aggregate.</param>
internal sealed class LawChecker<TState, TInput>(LawSubject<TState, TInput> subject)
    where TState : struct
{
    private const int MostEvents = 30;
    private const int ShownEvents = 10;
    private const int TriesPerExample = 8;

    private readonly (string Name, Action<Event[], Random> Check)[] _laws = Laws(subject);

    /// <summary>Checks all laws.</summary>
    /// <exception cref="AggregateLawException">One is broken.</exception>
    public void Check(Func<Random, TInput> input, int rounds, int seed)
    {
        Random random = new(seed);
        for (int round = 0; round < rounds; round++)
        {
            Event[] events = [.. Enumerable.Range(0, random.Next(MostEvents + 1)).Select(i => new Event(input(random), Stamp(random, i)))];
            int roundSeed = random.Next();
            foreach ((string name, Action<Event[], Random> check) in _laws)
            {
                if (Broken(check, events, roundSeed) is { } broken)
                {
                    (Event[] smallest, Exception reason) = Shrink(check, events, roundSeed, broken);
                    throw Error(name, smallest, reason, seed);
                }
            }
        }
    }

    // Few times, out of order, before and after the epoch.
    private static EventStamp Stamp(Random random, int position) => new(random.Next(-3, 4) * 3_600_000_000L, position);

    /// <summary>Whether a law is broken for some events by any of a few choices, where it makes some.</summary>
    private static (Exception Reason, int Seed)? BrokenByAny(Action<Event[], Random> check, Event[] events, int seed)
    {
        for (int next = seed; next < seed + TriesPerExample; next++)
        {
            if (Broken(check, events, next) is { } reason)
            {
                return (reason, next);
            }
        }

        return null;
    }

    private static Exception? Broken(Action<Event[], Random> check, Event[] events, int seed)
    {
        try
        {
            check(events, new Random(seed));
            return null;
        }
        catch (Exception error) when (UserFailure.Keeps(error))
        {
            return error;
        }
    }

    /// <summary>Leaves events out as long as the law stays broken: many at a time, then one by one.</summary>
    private static (Event[] Events, Exception Reason) Shrink(Action<Event[], Random> check, Event[] events, int seed, Exception reason)
    {
        for (int size = Math.Max(1, events.Length / 2); size > 0; size /= 2)
        {
            for (int start = 0; start < events.Length;)
            {
                Event[] fewer = [.. events[..start], .. events[Math.Min(events.Length, start + size)..]];
                if (BrokenByAny(check, fewer, seed) is { } still)
                {
                    (events, reason, seed) = (fewer, still.Reason, still.Seed);
                }
                else
                {
                    start += size;
                }
            }
        }

        return (events, reason);
    }

    private AggregateLawException Error(string law, Event[] events, Exception reason, int seed)
    {
        StringBuilder text = new();
        _ = text.Append(CultureInfo.InvariantCulture, $"{subject.Name} breaks a law: {law} {(reason is LawBrokenException ? reason.Message : $"It threw {reason.GetType()}: {reason.Message}")}");
        _ = text.Append(CultureInfo.InvariantCulture, $" Smallest example found, {events.Length} events: ");
        _ = text.AppendJoin(", ", events.Take(ShownEvents).Select(e => $"{Show(e.Value)} at {e.At.Time:O} position {e.At.Position}"));
        _ = text.Append(events.Length > ShownEvents ? ", ..." : "").Append(CultureInfo.InvariantCulture, $". Pass seed: {seed} to see it again.");
        return new AggregateLawException(law, text.ToString(), reason is LawBrokenException ? null : reason);
    }

    private static (string, Action<Event[], Random>)[] Laws(LawSubject<TState, TInput> subject)
    {
        LawOperations on = new(subject);
        return
        [
            ("What is written is read back as the same state, and neither Write nor Result changes it.", (events, _) =>
            {
                TState state = on.Fold(events);
                byte[] written = subject.Write(in state);
                object? result = subject.Result(in state);
                LawOperations.ExpectBytes("Written again after Result,", written, subject.Write(in state));
                TState read = subject.Read(written);
                LawOperations.ExpectBytes("Read and written again,", written, subject.Write(in read));
                on.ExpectResult("Read back,", result, subject.Result(in read));
            }),
            ("The default value is the identity of Merge.", (events, _) =>
            {
                TState state = on.Fold(events);
                on.Expect("Merged into the default value,", in state, on.Merged(default, in state));
                on.Expect("With the default value merged into it,", in state, on.Merged(on.Fold(events), default));
            }),
            ("Merge is commutative.", (events, random) =>
            {
                Event[][] parts = Divide(events, 2, random);
                on.Expect("The other way round,", on.Merged(on.Fold(parts[0]), on.Fold(parts[1])), on.Merged(on.Fold(parts[1]), on.Fold(parts[0])));
            }),
            ("Merge is associative.", (events, random) =>
            {
                Event[][] parts = Divide(events, 3, random);
                on.Expect(
                    "The latter two first,",
                    on.Merged(on.Merged(on.Fold(parts[0]), on.Fold(parts[1])), on.Fold(parts[2])),
                    on.Merged(on.Fold(parts[0]), on.Merged(on.Fold(parts[1]), on.Fold(parts[2]))));
            }),
            ("The order of the events leaves no trace.", (events, random) =>
            {
                Event[] shuffled = [.. events];
                random.Shuffle(shuffled);
                on.Expect("In another order,", on.Fold(events), on.Fold(shuffled));
            }),
            ("Any division of the events into states that are merged gives the state of all.", (events, random) =>
            {
                Event[][] parts = Divide(events, random.Next(2, 6), random);
                on.Expect("Divided,", on.Fold(events), parts.Aggregate(default(TState), (merged, part) => on.Merged(merged, on.Fold(part))));
            }),
            ("A state that was read back goes on as the one that was written.", (events, random) =>
            {
                int cut = random.Next(events.Length + 1);
                TState state = on.Fold(events[..cut]);
                TState read = subject.Read(subject.Write(in state));
                on.Add(ref state, events[cut..]);
                on.Add(ref read, events[cut..]);
                on.Expect("Read in between,", in state, in read);
            }),
            ("Merge leaves the other state as it is, and shares no memory with it.", (events, random) =>
            {
                Event[][] parts = Divide(events, 3, random);
                on.ExpectApart(on.Fold(parts[0]), on.Fold(parts[1]), parts[2]);
                on.ExpectApart(default, on.Fold(parts[1]), parts[2]);
            }),
        ];
    }

    private static Event[][] Divide(Event[] events, int parts, Random random)
    {
        int[] part = [.. events.Select(_ => random.Next(parts))];
        return [.. Enumerable.Range(0, parts).Select(p => events.Where((_, i) => part[i] == p).ToArray())];
    }

    private static string Show(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text}\"",
        IEnumerable many => $"[{string.Join(", ", many.Cast<object?>().Select(Show))}]",
        _ => string.Create(CultureInfo.InvariantCulture, $"{value}"),
    };

    private sealed record Event(TInput Value, EventStamp At);

    /// <summary>What laws are made of.</summary>
    private sealed class LawOperations(LawSubject<TState, TInput> subject)
    {
        public TState Fold(Event[] events)
        {
            TState state = default;
            Add(ref state, events);
            return state;
        }

        public void Add(ref TState state, Event[] events)
        {
            foreach (Event e in events)
            {
                subject.Add(ref state, e.Value, e.At);
            }
        }

        public TState Merged(TState into, in TState other)
        {
            subject.Merge(ref into, in other);
            return into;
        }

        public void Expect(string when, in TState expected, in TState actual)
        {
            if (!subject.DependsOnOrder)
            {
                ExpectBytes(when, subject.Write(in expected), subject.Write(in actual));
            }

            ExpectResult(when, subject.Result(in expected), subject.Result(in actual));
        }

        public static void ExpectBytes(string when, byte[] expected, byte[] actual)
        {
            if (!expected.AsSpan().SequenceEqual(actual))
            {
                throw new LawBrokenException($"{when} the bytes are {Convert.ToHexString(actual)} instead of {Convert.ToHexString(expected)}.");
            }
        }

        public void ExpectResult(string when, object? expected, object? actual)
        {
            if (!subject.IsSame(expected, actual))
            {
                throw new LawBrokenException($"{when} the result is {Show(actual)} instead of {Show(expected)}.");
            }
        }

        public void ExpectApart(TState left, TState right, Event[] later)
        {
            byte[] before = subject.Write(in right);
            subject.Merge(ref left, in right);
            ExpectBytes("After it was merged into another,", before, subject.Write(in right));
            byte[] merged = subject.Write(in left);
            Add(ref right, later);
            ExpectBytes("When the other went on,", merged, subject.Write(in left));
            byte[] after = subject.Write(in right);
            Add(ref left, later);
            ExpectBytes("When the merged one went on, of the other", after, subject.Write(in right));
        }
    }

    private sealed class LawBrokenException(string message) : Exception(message);
}
