using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Amending;

/// <summary>What a store may be told about events that amend others, and when.</summary>
[TestFixture]
internal sealed class AmendmentOptionsTests
{
    private sealed record Entry(DateTimeOffset At, string Id, string? Amends, string Other, int? Number, Guid Key, Guid? KeyMaybe, byte[] Bytes, byte[]? BytesMaybe);

    [Test]
    public void Properties_must_be_two_of_one_type_of_which_the_second_may_be_null()
    {
        LambdaStoreOptions<Entry> options = new();
        Assert.That(Refusal(() => options.Amendments(e => e.Id, e => e.Other)), Does.Contain("Entry.Other (String)").And.Contain("Entry.Id"));
        Assert.That(Refusal(() => options.Amendments(e => e.Id, e => e.Number)), Does.Contain("Entry.Number (Int32?)"));
        Assert.That(Refusal(() => options.Amendments(e => e.Amends, e => e.Amends)), Does.Contain("another property"));
        Assert.That(Refusal(() => options.Amendments(e => e.Key, e => e.Key)), Does.Contain("Entry.Key (Guid)"));
        Assert.That(Refusal(() => options.Amendments(e => e.Id.Length, e => e.Number)), Does.Contain("'e.Id.Length' is not one"));
        Assert.That(Refusal(() => options.Amendments(e => e.Id, e => e.Amends + "x")), Does.Contain("is not one"));
        Assert.DoesNotThrow(() => options.Amendments(e => e.Id, e => e.Amends).Amendments(e => e.Key, e => e.KeyMaybe).Amendments(e => e.Bytes, e => e.BytesMaybe));
    }

    [Test]
    public async Task Ids_of_any_kind_are_compared_by_their_values()
    {
        ViewDefinition<Entry, string, long> byOther = View.Of<Entry>("by_other").GroupBy(e => e.Other).Select(g => g.Count());
        Guid key = Guid.NewGuid();
        Entry amended = new(DateTimeOffset.UnixEpoch, "\0Ä", null, "amended", null, key, null, [1, 0, 2], null);
        Entry amending = amended with { Id = "new", Amends = "\0Ä", Other = "amending", Key = default, KeyMaybe = key, Bytes = [], BytesMaybe = [1, 0, 2] };
        Action<LambdaStoreOptions<Entry>>[] ways = [o => o.Amendments(e => e.Id, e => e.Amends), o => o.Amendments(e => e.Key, e => e.KeyMaybe), o => o.Amendments(e => e.Bytes, e => e.BytesMaybe)];
        foreach (Action<LambdaStoreOptions<Entry>> way in ways)
        {
            using InMemoryStorage disk = new();
            LambdaStoreOptions<Entry> options = new() { BatchThreads = 1 };
            options.EventTime(e => e.At).AddView(byOther);
            way(options);
            await using LambdaStore<Entry> store = StoreOpening.Open("memory", disk, options);
            await store.AppendAsync(new[] { amended, amended with { Id = "Ä", Key = Guid.NewGuid(), Bytes = [1, 0], Other = "other" }, amending });
            Assert.That((await store.RunBatchAsync()).Amendments, Is.EqualTo(new AmendmentRun(1, 1, 0)));
            Assert.That((await store.Query(byOther).ExecuteAsync()).Rows.Select(r => r.Key), Is.EqualTo(new[] { "amending", "other" }));
        }
    }

    [Test]
    public async Task A_store_that_has_events_may_come_to_know_that_they_amend_others_from_then_on()
    {
        using InMemoryStorage disk = new();
        await using (LambdaStore<Order> store = Order.OpenPlain(disk))
        {
            await store.AppendAsync(new[] { Order.Of(1, "a", 10), Order.Of(2, "a", 11).InPlaceOf(1) });
            Assert.That(await Order.ShowAsync(store), Is.EqualTo("a 2x 21"));
        }

        await using (LambdaStore<Order> knows = Order.Open(disk))
        {
            await knows.AppendAsync(Order.Of(3, "b", 5).InPlaceOf(1));
            Assert.That(await Order.ShowAsync(knows), Is.EqualTo("a 2x 21"));
            Assert.That((await knows.RunBatchAsync()).Amendments, Is.EqualTo(new AmendmentRun(1, 2, 0)), "the event and what was to amend it");
            Assert.That(await Order.ShowAsync(knows), Is.EqualTo("b 1x 5"));
        }
    }

    [Test]
    public async Task How_events_amend_others_is_kept_by_the_store_and_does_not_change()
    {
        using InMemoryStorage disk = new();
        await using (LambdaStore<Order> store = Order.Open(disk))
        {
            Assert.That(store.ToString(), Does.Contain("events amend others by AmendedId, which is the Id of what they amend"));
        }

        await using (LambdaStore<Order> store = Order.OpenPlain(disk))
        {
            await store.AppendAsync(Order.Of(1, "a", 10)); // Nothing bound it before.
        }

        await using (LambdaStore<Order> store = Order.Open(disk))
        {
            await store.AppendAsync(Order.Of(2, "a", 11).InPlaceOf(1));
        }

        LambdaCoreException without = Assert.Throws<LambdaCoreException>(() => Order.OpenPlain(disk))!;
        Assert.That(without.Message, Does.Contain("Order.AmendedId").And.Contain("without Amendments").And.Contain("options.Amendments(e => e.Id, e => e.AmendedId)"));
        await using LambdaStore<Order> again = Order.Open(disk);
        await again.RunBatchAsync();
        Assert.That(await Order.ShowAsync(again), Is.EqualTo("a 1x 11"));
    }

    [Test]
    public async Task Events_that_wait_cannot_come_to_amend_others_by_other_properties()
    {
        using InMemoryStorage disk = new();
        await using (LambdaStore<Entry> store = Open(disk, o => o.Amendments(e => e.Id, e => e.Amends)))
        {
            await store.AppendAsync(new Entry(DateTimeOffset.UnixEpoch, "a", null, "x", null, Guid.Empty, null, [], null));
        }

        LambdaCoreException other = Assert.Throws<LambdaCoreException>(() => Open(disk, o => o.Amendments(e => e.Key, e => e.KeyMaybe)))!;
        Assert.That(other.Message, Does.Contain("with Amendments by KeyMaybe and Key").And.Contain("options.Amendments(e => e.Id, e => e.Amends)"));
        await using LambdaStore<Entry> again = Open(disk, o => o.Amendments(e => e.Id, e => e.Amends));
        Assert.That(again.Position.Value, Is.EqualTo(1));

        static LambdaStore<Entry> Open(InMemoryStorage disk, Action<LambdaStoreOptions<Entry>> way)
        {
            LambdaStoreOptions<Entry> options = new() { BatchThreads = 1 };
            options.EventTime(e => e.At);
            way(options);
            return StoreOpening.Open("memory", disk, options);
        }
    }

    private static string Refusal(Action refused) => Assert.Throws<ArgumentException>(() => refused())!.Message;
}
