using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Evolution;

/// <summary>What of a changed event type cannot be read safely is refused when the store is opened, in words that name it, and nothing is changed on disk.</summary>
[TestFixture]
internal sealed class SchemaRefusalTests
{
    private static readonly DateTimeOffset Noon = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    [Test]
    public Task A_narrower_type_is_refused() => RefuseAsync<Plain, Narrower>(
        "Narrower.Count is int, but is stored as long, and it would lose values", "Declare it as one of long, decimal", "give what is new a name of its own");

    [Test]
    public Task Another_kind_is_refused() => RefuseAsync<Plain, OtherKind>(
        "OtherKind.Name is Guid, but is stored as string, and its values cannot be read as such", "OtherKind.Count is float, but is stored as long, and its values cannot be read as such");

    [Test]
    public Task A_property_that_was_nullable_and_is_not_any_more_is_refused_without_a_default() => RefuseAsync<Plain, NoNull>(
        "NoNull.Score (int) is never null, but is stored as int?", "Declare it as int?", "[ValueWhenMissing(...)]");

    [Test]
    public Task A_new_property_that_is_never_null_is_refused_without_a_default() => RefuseAsync<Plain, Added>(
        "Added.Total (long) is new, and events that were appended before have no value of it", "Declare it as long?", "[ValueWhenMissing(...)]", "[FormerName(\"Count\")]");

    [Test]
    public Task An_event_time_that_is_gone_is_refused() => RefuseAsync<Plain, OtherTime>(
        "The event time is OtherTime.When, but events are stored with 'At' as their time", "no longer has that property", "[FormerName(\"At\")]", "OtherTime.When (DateTimeOffset) is new");

    [Test]
    public Task Another_event_time_is_refused() => RefuseAsync<TwoTimes, TwoTimesOtherwise>(
        "The event time is TwoTimesOtherwise.Sent, but events are stored with 'At' as their time", "still has that property. Write EventTime(e => e.At) again");

    [Test]
    public Task A_former_name_that_the_store_has_beside_the_name_now_is_refused() => RefuseAsync<Plain, ClashBoth>(
        "ClashBoth.Name was formerly 'Text', says [FormerName], but the store has both 'Name' and 'Text'. Take the attribute away", "and 'Text' as removed");

    [Test]
    public Task A_former_name_is_refused_where_both_are_properties_still() => RefuseAsync<Plain, ClashKept>(
        "ClashKept.Name was formerly 'Text', says [FormerName], but the store has both", "Take the attribute away: 'Name' is read as it is stored.");

    [Test]
    public Task Two_former_names_that_the_store_has_both_are_refused() => RefuseAsync<Plain, ClashTwo>(
        "ClashTwo.Label says [FormerName] of", "'Name'", "'Text'", "the store has both, so it cannot be told which of them it is");

    [Test]
    public Task A_former_name_that_is_still_there_is_refused() => RefuseAsync<Plain, ClashStill>(
        "ClashStill.Label was formerly 'Name', says [FormerName], but ClashStill still has a property of that name", "Open the store once with a type without 'Name'");

    [Test]
    public Task A_name_in_another_case_is_refused() => RefuseAsync<Plain, OtherCase>(
        "OtherCase.name differs from the stored 'Name' only in case", "[FormerName(\"Name\")]");

    [Test]
    public Task A_renamed_property_must_hold_what_it_held() => RefuseAsync<Plain, RenamedNarrower>(
        "RenamedNarrower.Amount is short, but is stored under its former name 'Count' as long, and it would lose values");

    [Test]
    public Task A_default_that_was_declared_cannot_become_another() => RefuseAsync<WithDefault, WithOtherDefault>(
        [typeof(Plain)], "WithOtherDefault.Extra says [ValueWhenMissing] '43', but since it was added, events without a value of it have read as '42'", "Declare '42' again");

    [Test]
    public Task A_default_cannot_be_declared_after_the_property_has_read_as_null() => RefuseAsync<WithoutDefault, WithDefault>(
        [typeof(Plain)], "WithDefault.Extra says [ValueWhenMissing] '42'", "have read as null", "Take the attribute away; to change what those events say, correct them");

    [Test]
    public Task A_property_that_comes_back_needs_a_default_for_the_events_without_it() => RefuseAsync<NoCount, Plain>(
        [typeof(Plain)], "Plain.Count (long) was removed and comes back, and events that were appended meanwhile have no value of it");

    [Test]
    public Task An_older_program_is_refused_what_it_cannot_hold() => RefuseAsync<Wider, Plain>(
        [typeof(Plain)], "Plain.Count is long, but is stored as decimal, and it would lose values");

    [Test]
    public Task All_reasons_are_said_at_once() => RefuseAsync<Plain, Several>(
        "The events of this store cannot be read as Several.", "Several.Count is int", "Several.Score (int)", "Several.More (bool)");

    [Test]
    public async Task A_store_without_events_takes_any_type()
    {
        using InMemoryStorage disk = new();
        await using (LambdaStore<Plain> empty = Open<Plain>(disk))
        {
            Assert.That(empty.Position, Is.EqualTo(LogPosition.Zero));
        }

        await using LambdaStore<Several> store = Open<Several>(disk);
        await store.AppendAsync(new Several(Noon, 1, 2, true));
        await store.RunBatchAsync();
        Assert.That(store.SealedPosition.Value, Is.EqualTo(1));
    }

    [Test]
    public void A_former_name_belongs_to_one_property() =>
        Assert.That(() => new LambdaStoreOptions<TwoClaims>(), Throws.ArgumentException.With.Message.Contains("TwoClaims.Count and Other both say [FormerName(\"Old\")]").Or.Message.Contains("TwoClaims.Other and Count both say [FormerName(\"Old\")]"));

    [Test]
    public void A_default_must_be_a_value_of_the_property() =>
        Assert.That(() => new LambdaStoreOptions<WrongDefault>(), Throws.ArgumentException.With.Message.Contains("[ValueWhenMissing] of WrongDefault.Count says '300', which is no value of type Byte"));

    private static Task RefuseAsync<TOld, TNew>(params string[] fragments)
        where TOld : notnull
        where TNew : notnull => RefuseAsync<TOld, TNew>([], fragments);

    /// <summary>Lets a store be used with types, then with one more, and refuse another.</summary>
    private static async Task RefuseAsync<TOld, TNew>(Type[] before, params string[] fragments)
        where TOld : notnull
        where TNew : notnull
    {
        using InMemoryStorage disk = new();
        foreach (Type type in before.Append(typeof(TOld)))
        {
            await (Task)typeof(SchemaRefusalTests).GetMethod(nameof(UseAsync), System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static)!
                .MakeGenericMethod(type).Invoke(null, [disk])!;
        }

        string[] content = Content(disk);
        LambdaCoreException error = Assert.Throws<LambdaCoreException>(() => Open<TNew>(disk))!;
        TestContext.Out.WriteLine(error.Message);
        Assert.Multiple(() =>
        {
            foreach (string fragment in fragments)
            {
                Assert.That(error.Message, Does.Contain(fragment));
            }

            Assert.That(error.Message, Does.EndWith("Nothing was changed on disk."));
            Assert.That(Content(disk), Is.EqualTo(content));
        });
        await using LambdaStore<TOld> again = Open<TOld>(disk);
        Assert.That(again.Position.Value, Is.EqualTo(2 * (before.Length + 1)));
    }

    /// <summary>One event is sealed, one is not.</summary>
    private static async Task UseAsync<T>(InMemoryStorage disk)
        where T : notnull
    {
        await using LambdaStore<T> store = Open<T>(disk);
        await store.AppendAsync(Make<T>());
        await store.RunBatchAsync();
        await store.AppendAsync(Make<T>());
    }

    private static T Make<T>() => (T)Activator.CreateInstance(typeof(T), [.. typeof(T).GetConstructors().MaxBy(c => c.GetParameters().Length)!.GetParameters().Select(p =>
        p.ParameterType == typeof(DateTimeOffset) ? Noon : p.ParameterType == typeof(string) ? "text" : Activator.CreateInstance(Nullable.GetUnderlyingType(p.ParameterType) ?? p.ParameterType))])!;

    private static LambdaStore<T> Open<T>(InMemoryStorage disk)
        where T : notnull
    {
        LambdaStoreOptions<T> options = new() { BatchThreads = 1, TimeProvider = new SimulatedClock(Noon) };
        System.Linq.Expressions.ParameterExpression e = System.Linq.Expressions.Expression.Parameter(typeof(T), "e");
        string time = typeof(T) == typeof(OtherTime) ? "When" : typeof(T) == typeof(TwoTimesOtherwise) ? "Sent" : "At";
        options.EventTime(System.Linq.Expressions.Expression.Lambda<Func<T, DateTimeOffset>>(System.Linq.Expressions.Expression.Property(e, time), e)).Validate();
        return StoreOpening.Open("memory", disk, options);
    }

    private static string[] Content(InMemoryStorage disk) => [.. new[] { "log", "log/_delta_log", "wal", "deadletters", "deadletters/_delta_log", "views" }
        .SelectMany(folder => disk.List(folder).Select(file => $"{folder}/{file}"))
        .Select(path => $"{path} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(disk.ReadAll(path)))}")];

    private sealed record Plain(DateTimeOffset At, long Count, int? Score, string Name, string? Text);

    private sealed record Narrower(DateTimeOffset At, int Count, int? Score, string Name, string? Text);

    private sealed record OtherKind(DateTimeOffset At, float Count, int? Score, Guid Name, string? Text);

    private sealed record NoNull(DateTimeOffset At, long Count, int Score, string Name, string? Text);

    private sealed record Added(DateTimeOffset At, long Total, int? Score, string Name, string? Text);

    private sealed record OtherTime(DateTimeOffset When, long Count, int? Score, string Name, string? Text);

    private sealed record TwoTimes(DateTimeOffset At, DateTimeOffset Sent);

    private sealed record TwoTimesOtherwise(DateTimeOffset At, DateTimeOffset Sent);

    private sealed record ClashBoth(DateTimeOffset At, long Count, int? Score, [FormerName("Text")] string Name);

    private sealed record ClashKept(DateTimeOffset At, long Count, int? Score, [FormerName("Text")] string Name, string? Text);

    private sealed record ClashTwo(DateTimeOffset At, long Count, [FormerName("Name"), FormerName("Text")] string Label);

    private sealed record ClashStill(DateTimeOffset At, long Count, [FormerName("Name")] string Label, string Name);

    private sealed record OtherCase(DateTimeOffset At, long Count, int? Score, string? name, string? Text);

    private sealed record RenamedNarrower(DateTimeOffset At, [FormerName("Count")] short Amount, string Name);

    private sealed record WithDefault(DateTimeOffset At, [ValueWhenMissing(42)] int? Extra);

    private sealed record WithOtherDefault(DateTimeOffset At, [ValueWhenMissing(43)] int? Extra);

    private sealed record WithoutDefault(DateTimeOffset At, int? Extra);

    private sealed record NoCount(DateTimeOffset At, int? Score, string Name, string? Text);

    private sealed record Wider(DateTimeOffset At, decimal Count, int? Score, string Name, string? Text);

    private sealed record Several(DateTimeOffset At, int Count, int Score, bool More);

    private sealed record TwoClaims(DateTimeOffset At, [FormerName("Old")] long Count, [FormerName("Old")] long Other);

    private sealed record WrongDefault(DateTimeOffset At, [ValueWhenMissing(300)] byte Count);
}
