using System.Linq.Expressions;
using LambdaCore.DuckDb;
using LambdaCore.Log;
using LambdaCore.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Log;

/// <summary>Values that a sealed event or an event property cannot have are refused by name.</summary>
[TestFixture]
internal sealed class SealedValueTests
{
    private static readonly EventSchema Schema = EventSchema.Of(typeof(Entry));

    [TestCase("NULL", "Name of a sealed event is missing", "'9f0f9f3e-0000-4000-8000-000000000000'")]
    [TestCase("'n'", "Id of a sealed event is 'no Guid', which is no Guid", "'no Guid'")]
    [TestCase("'n'", "Id of a sealed event is '9f0f9f3e-0000-4000-8000-000000000000 ', which is no Guid", "'9f0f9f3e-0000-4000-8000-000000000000 '")]
    public void A_sealed_event_that_lacks_what_it_must_have_is_damage(string name, string told, string id)
    {
        using DuckDbEngine duckDb = new(new DuckDbOptions(), _ => { });
        using DuckDbConnection connection = duckDb.Connect();
        Dictionary<string, string> values = new() { [nameof(Entry.At)] = "make_timestamptz(0)", [nameof(Entry.Id)] = id, [nameof(Entry.Name)] = name };
        using DuckDbResult result = connection.Query($"SELECT {string.Join(", ", Schema.Properties.Select(p => values[p.Name]))}");
        Assert.That(result.NextChunk(), Is.True);
        EventRowReader<Entry> reader = new(new EventCodec<Entry>(Schema, Schema.Properties.Single(p => p.Name == nameof(Entry.At))));
        Assert.That(
            () => reader.Read(result, 0),
            Throws.InstanceOf<LogCorruptException>().With.Message.Contains(told).And.Message.Contains("SalvageAsync"));
    }

    [TestCase(nameof(ValueKind.Int128))]
    [TestCase(nameof(ValueKind.Sketch))]
    public void A_kind_that_no_event_property_has_has_no_encoding_and_no_column(string name)
    {
        ScalarType type = new(Enum.Parse<ValueKind>(name), false);
        ParameterExpression bytes = Expression.Parameter(typeof(ByteWriter));
        Assert.That(() => ValueCoder.Write(bytes, Expression.Constant(1L), type), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains(name));
        Assert.That(() => ValueCoder.Read(bytes, type), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains(name));
        Assert.That(() => ColumnBuffer.For(type), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains(name));

        using DuckDbEngine duckDb = new(new DuckDbOptions(), _ => { });
        using DuckDbConnection connection = duckDb.Connect();
        using DuckDbResult result = connection.Query("SELECT 1::BIGINT");
        Assert.That(result.NextChunk(), Is.True);
        EventProperty property = Schema.Properties[0] with { Type = type };
        Assert.That(() => EventColumnReader.Write(property, result.Column(0), 0, new ByteWriter()), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains(name));
    }

    [Test]
    public void An_event_that_can_be_stored_when_it_is_looked_at_again_is_refused_all_the_same()
    {
        EventSchema schema = EventSchema.Of(typeof(Moody));
        EventCodec<Moody> codec = new(schema, schema.Properties.Single(p => p.Name == nameof(Moody.At)));
        ByteWriter writer = new();
        writer.WriteByte(7);
        Assert.That(
            () => codec.Encode(new Moody(), writer),
            Throws.ArgumentException.With.Message.Contains("The event cannot be stored: Not now. Nothing was appended."));
        Assert.That(writer.Written.ToArray(), Is.EqualTo(new byte[] { 7 }), "nothing of it is left");
    }

    internal sealed record Entry(DateTimeOffset At, Guid Id, string Name);

    internal sealed class Moody
    {
        private int _looks;

        public DateTimeOffset At { get; init; }

        public string Text
        {
            get => ++_looks == 1 ? throw new InvalidOperationException("Not now.") : "text";
            init => _looks = value.Length;
        }
    }
}
