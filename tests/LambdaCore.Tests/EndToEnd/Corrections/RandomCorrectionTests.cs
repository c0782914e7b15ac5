using System.Linq.Expressions;
using LambdaCore.DuckDb;
using LambdaCore.Log;
using LambdaCore.Storage;
using LambdaCore.Tests.Values;
using LambdaCore.Tests.Views;
using LambdaCore.Values;
using LambdaCore.Views;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Corrections;

/// <summary>
/// Random conditions and random values, from the operator table, over random events with nasty values: segments that SQL has rewritten hold, byte for byte, what the
/// delegates make of the list of events; and where a value cannot be computed, nothing changes.
/// </summary>
[TestFixture]
internal sealed class RandomCorrectionTests
{
    private const int Events = 90;

    private static readonly EventSchema Schema = EventSchema.Of(typeof(Anything));

    private static readonly Action<Anything, ByteWriter>[] Encoders = [.. Schema.Properties.Select(Encoder)];

    [TestCase(40)]
    public async Task Rewritten_events_are_what_the_delegates_make_of_them(int corrections)
    {
        Random random = Seed.Random(out int seed);
        NastyValues values = new(seed);
        RandomScalars scalars = new(values, Schema);
        using InMemoryStorage disk = new();
        await using LambdaStore<Anything> store = Open(disk);
        List<byte[][]> expected = [];
        Anything[] events = [.. Enumerable.Range(0, Events).Select(_ => values.Event())];
        foreach (Anything[] group in events.Chunk(13))
        {
            await store.AppendAsync(group);
            await store.RunBatchAsync();
            expected.AddRange(group.Select(Encode));
        }

        (int changes, int refusals, long changed) = (0, 0, 0);
        for (int i = 0; i < corrections; i++)
        {
            EventChange change = Draw(random, scalars);
            List<byte[][]>? after = Apply(change, ReadEvents(store), expected, out long differing);
            try
            {
                Correction made = await StoreInternals<Anything>.Of(store).Changes.CorrectAsync(
                    change, new ContentChange(LogChangeKind.Correction, "random", null, change.ConditionSql, change.SettersText), default);
                Assert.That(after, Is.Not.Null, () => $"seed {seed}, correction {i}: it was not refused\n{change.ConditionSql}\n{change.SettersText}");
                Assert.That(made.Events, Is.EqualTo(differing), () => $"seed {seed}, correction {i}");
                expected = after!;
                changes++;
                changed += differing;
            }
            catch (ArgumentException error)
            {
                Assert.That(after, Is.Null, () => $"seed {seed}, correction {i}: {error.Message}\n{change.ConditionSql}\n{change.SettersText}");
                refusals++;
            }

            byte[][][] actual = [.. ReadEvents(store).Select(Encode)];
            for (int e = 0; e < Events; e++)
            {
                for (int p = 0; p < Schema.Properties.Count; p++)
                {
                    Assert.That(
                        actual[e][p],
                        Is.EqualTo(expected[e][p]),
                        () => $"seed {seed}, correction {i}, event {e}, {Schema.Properties[p].Name}\n{change.ConditionSql}\n{change.SettersText}");
                }
            }
        }

        TestContext.Out.WriteLine($"{changes} corrections of {changed} events, {refusals} refused");
        Assert.That(changes, Is.GreaterThan(corrections / 5));
        Assert.That(changed, Is.GreaterThan(corrections));
        Assert.That(refusals, Is.Positive);
    }

    private static EventChange Draw(Random random, RandomScalars scalars)
    {
        Scalar condition = random.Next(5) == 0
            ? ConstantScalar.Of(true)
            : ScalarTranslator.Unwrap(scalars.OfKind(ValueKind.Boolean, 1 + random.Next(3)));
        EventProperty[] properties = [.. Schema.Properties.OrderBy(_ => random.Next()).Take(1 + random.Next(3))];
        return EventChange.Of(condition, [.. properties.Select(p => new PropertySetter(p, scalars.OfKind(p.Type.Kind, random.Next(3))))]);
    }

    /// <summary>The events after a change; null if it must be refused.</summary>
    private static List<byte[][]>? Apply(EventChange change, List<Anything> events, List<byte[][]> before, out long differing)
    {
        List<byte[][]> after = [];
        differing = 0;
        for (int i = 0; i < events.Count; i++)
        {
            byte[][] changed = [.. before[i]];
            after.Add(changed);
            if (NaiveScalar.Value(change.Condition, events[i]) is not true)
            {
                continue;
            }

            foreach (PropertySetter setter in change.Setters)
            {
                object? value = NaiveScalar.Value(setter.Value, events[i]);
                if (NaiveScalar.Fails(setter.Value, events[i]) || (value is null && !setter.Property.Type.IsNullable))
                {
                    return null;
                }

                int index = Schema.Properties.ToList().IndexOf(setter.Property);
                changed[index] = Encode(Expression.Constant(value, setter.Property.Type.Representation), setter.Property.Type);
            }

            differing += changed.Zip(before[i]).All(p => p.First.AsSpan().SequenceEqual(p.Second)) ? 0 : 1;
        }

        return after;
    }

    private static List<Anything> ReadEvents(LambdaStore<Anything> store)
    {
        OpenStore<Anything> parts = StoreInternals<Anything>.Of(store);
        using MaterialisedSegments segments = parts.Log.Segments(new LogRange(LogPosition.Zero, parts.Log.SealedEnd));
        using DuckDbConnection connection = parts.DuckDb.Connect();
        using DuckDbResult result = connection.Query($"SELECT * FROM {segments.Source}");
        EventRowReader<Anything> reader = new(new EventCodec<Anything>(Schema, Schema.Properties[0]));
        List<Anything> events = [];
        while (result.NextChunk())
        {
            for (int row = 0; row < result.RowCount; row++)
            {
                Assert.That(result.Column(Schema.Properties.Count).Int64(row), Is.EqualTo(events.Count), "positions stay");
                events.Add(reader.Read(result, row));
            }
        }

        return events;
    }

    /// <summary>The bytes of each property, as an append would write them.</summary>
    private static byte[][] Encode(Anything e) => [.. Encoders.Select(encode => Written(writer => encode(e, writer)))];

    private static Action<Anything, ByteWriter> Encoder(EventProperty property)
    {
        ParameterExpression e = Expression.Parameter(typeof(Anything));
        ParameterExpression writer = Expression.Parameter(typeof(ByteWriter));
        return Expression.Lambda<Action<Anything, ByteWriter>>(
            ValueCoder.Write(writer, ClrType.ToRepresentation(Expression.Property(e, property.Property)), property.Type), e, writer).Compile();
    }

    private static byte[] Encode(Expression value, ScalarType type)
    {
        ParameterExpression writer = Expression.Parameter(typeof(ByteWriter));
        return Written(Expression.Lambda<Action<ByteWriter>>(ValueCoder.Write(writer, value, type), writer).Compile(preferInterpretation: true));
    }

    private static byte[] Written(Action<ByteWriter> write)
    {
        ByteWriter writer = new();
        write(writer);
        return writer.Written.ToArray();
    }

    private static LambdaStore<Anything> Open(InMemoryStorage disk)
    {
        LambdaStoreOptions<Anything> options = new() { BatchThreads = 1 };
        options.EventTime(e => e.Time);
        options.Validate();
        return StoreOpening.Open("memory", disk, options);
    }
}
