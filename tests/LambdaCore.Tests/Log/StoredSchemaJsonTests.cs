using System.Collections.Immutable;
using LambdaCore.Log;
using LambdaCore.Tables;
using LambdaCore.Tests.EndToEnd;
using LambdaCore.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Log;

/// <summary>The properties of events that a table says it has.</summary>
[TestFixture]
internal sealed class StoredSchemaJsonTests
{
    private static readonly EventSchema Events = EventSchema.Of(typeof(Purchase));
    private static readonly StoredSchema Schema = StoredAmendments.First(new EventCodec<Purchase>(Events, Events.Properties.Single(p => p.Name == nameof(Purchase.At))));

    [Test]
    public void What_is_written_is_read()
    {
        StoredSchema read = StoredSchemaJson.Read("log", Metadata(StoredSchemaJson.Write(Schema).Value));
        Assert.That(read.Active, Is.EqualTo(Schema.Active).Using<StoredColumn>((a, b) => (a.Id, a.Name, a.Physical, a.Type) == (b.Id, b.Name, b.Physical, b.Type)));
        Assert.That(read.Newest.Fingerprint, Is.EqualTo(Schema.Newest.Fingerprint));
    }

    [Test]
    public void A_table_that_does_not_say_what_its_events_are_is_refused()
    {
        Assert.That(() => StoredSchemaJson.Read("log", Metadata(null)), Throws.InstanceOf<TableCorruptException>().With.Message.Contains("no property 'lambdacore.schema'"));
        foreach (string text in new[] { "null", "{}", "[]", "{\"eventTime\":16,\"columns\":[null],\"versions\":[]}", StoredSchemaJson.Write(Schema).Value.Replace("16:", "99:", StringComparison.Ordinal) })
        {
            Assert.That(() => StoredSchemaJson.Read("log", Metadata(text)), Throws.InstanceOf<TableCorruptException>().With.Message.Contains("no schema that this library writes").And.Message.Contains("log"), text);
        }
    }

    private static DeltaMetadata Metadata(string? schema) => new(
        Guid.Empty, "events", MasterSchema.Delta(Schema, MasterSchema.OwnOfMaster), DateTimeOffset.UnixEpoch)
    {
        Properties = schema is null ? ImmutableSortedDictionary<string, string>.Empty : ImmutableSortedDictionary<string, string>.Empty.Add(StoredSchemaJson.Property, schema),
    };
}
