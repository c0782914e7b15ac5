using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Evolution;

/// <summary>
/// Each store that an older program left, as it was stored with these tests, reads exactly under each event type that can follow, and is refused, untouched, under those
/// that cannot.
/// </summary>
[TestFixture]
internal sealed class StoredFixtureTests
{
    private const string Write = "LAMBDACORE_WRITE_FIXTURES";
    private string _folder = "";

    [SetUp]
    public void CreateFolder() => _folder = Directory.CreateTempSubdirectory("lambdacore-stored-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    /// <summary>Writes the fixtures anew. Only for when the format of stores changes before a release: a fixture that a released version wrote stays for ever.</summary>
    [Test]
    [TestCaseSource(typeof(StoreFixture), nameof(StoreFixture.All))]
    public async Task Fixtures_are_written_when_asked_for(StoreFixture fixture)
    {
        if (Environment.GetEnvironmentVariable(Write) != "1")
        {
            Assert.Ignore($"Set {Write}=1 to write the stored fixtures anew.");
        }

        await fixture.WriteAsync();
    }

    [Test]
    public async Task A_stored_fixture_reads_as_each_event_type_that_can_follow(
        [ValueSource(typeof(StoreFixture), nameof(StoreFixture.All))] StoreFixture fixture, [ValueSource(typeof(FixtureReader), nameof(FixtureReader.Supported))] FixtureReader reader)
    {
        SchemaOracle oracle = fixture.Oracle();
        oracle.Become([.. reader.Next([.. oracle.Active])]);
        Type type = reader.Type(oracle);
        int turn = Array.IndexOf(FixtureReader.Supported, reader) + (2 * Array.IndexOf(StoreFixture.All, fixture));
        string[] grouped = ["Number", .. oracle.Active.Where((c, i) => c.Property.Core != typeof(byte[]) && (i + turn) % 18 == 0).Select(c => c.Property.Name)];
        fixture.CopyTo(_folder);
        await using (EvolvingStore store = Open(type, grouped))
        {
            Assert.That(store.Positions.Sealed.Value, Is.AnyOf(StoreFixture.Sealed, StoreFixture.Events), "An unsealed tail is sealed as it was written, or left.");
            await CheckAsync(store, oracle, grouped);
            await store.BatchAsync(BatchMode.Full);
            await CheckAsync(store, oracle, grouped);
            Add(oracle, new Random(turn));
            await store.AppendAsync(StoreFixture.Said(oracle, StoreFixture.Events, oracle.Events.Count));
            await CheckAsync(store, oracle, grouped);
        }

        await using EvolvingStore again = Open(type, grouped);
        await CheckAsync(again, oracle, grouped);
        await again.BatchAsync();
        Assert.That(again.Positions.Sealed.Value, Is.EqualTo(oracle.Events.Count));
        await CheckAsync(again, oracle, grouped);
    }

    [Test]
    public void A_stored_fixture_is_refused_as_each_type_that_does_not_hold_its_values([ValueSource(typeof(StoreFixture), nameof(StoreFixture.All))] StoreFixture fixture)
    {
        fixture.CopyTo(_folder);
        string[] content = StoreFixture.Content(_folder);
        SchemaOracle.Column[] columns = [.. fixture.Oracle().Active];
        Type[][] refused = [.. columns.Select(c => EvolvingValue.Types.Where(t => !SchemaOracle.CanBecome(c.Property.Core, t)).ToArray())];
        int pairs = 0;
        for (int round = 0; round < refused.Max(r => r.Length); round++)
        {
            EvolvingProperty[] wanted = [.. columns.Select((c, i) => FixtureReader.As(c.Property, refused[i][round % refused[i].Length], IsNullable(c)))];
            Type type = EvolvingType.Make(wanted);
            Refuse(type, content, wanted.Select((property, i) =>
            {
                string stored = Name(columns[i].Property.Core, IsNullable(columns[i]));
                string wider = string.Join(", ", EvolvingValue.Wider.GetValueOrDefault(columns[i].Property.Core, []).Select(t => Name(t, IsNullable(columns[i]))).Prepend(stored).Distinct().Order(StringComparer.Ordinal));
                string why = SchemaOracle.CanBecome(property.Core, columns[i].Property.Core) ? "it would lose values" : "its values cannot be read as such";
                return ($"{type.Name}.{property.Name} is {Name(property.Core, property.IsNullable)}, but is stored as {stored}, and {why}. Declare it as one of ", wider,
                    $", or give what is new a name of its own and leave out '{property.Name}', whose values stay in the store.");
            }));
            pairs += wanted.Length;
        }

        TestContext.Out.WriteLine($"{pairs} pairs of a property and a type");
    }

    [Test]
    public void A_stored_fixture_is_refused_as_a_type_that_has_no_place_for_what_is_missing([ValueSource(typeof(StoreFixture), nameof(StoreFixture.All))] StoreFixture fixture)
    {
        fixture.CopyTo(_folder);
        string[] content = StoreFixture.Content(_folder);
        SchemaOracle.Column[] columns = [.. fixture.Oracle().Active];
        EvolvingProperty[] tight = [.. columns.Select(c => c.Property).Where(p => p.Core.IsValueType && p.IsNullable).Select(p => FixtureReader.As(p, p.Core, nullable: false))];
        Type tightened = EvolvingType.Make(tight);
        Refuse(tightened, content, tight.Select(p => ($"{tightened.Name}.{p.Name} ({Name(p.Core, false)}) is never null, but is stored as {Name(p.Core, true)}, so events may have no value of it. Declare it as ",
            Name(p.Core, true), ", or say what they read as: [ValueWhenMissing(...)]")));

        EvolvingProperty[] added = [.. EvolvingValue.Types.Where(t => t.IsValueType).Select(t => new EvolvingProperty($"Added{t.Name}", t))];
        Type more = EvolvingType.Make([.. columns.Select(c => c.Property), .. added]);
        Refuse(more, content, added.Select(p => ($"{more.Name}.{p.Name} ({Name(p.Core, false)}) is new, and events that were appended before have no value of it. Declare it as ",
            Name(p.Core, true), ", or say what they read as: [ValueWhenMissing(...)]")));

        EvolvingProperty[] lower = [.. columns.Select(c => c.Property with { Name = c.Property.Name.ToLowerInvariant() })];
        Type otherCase = EvolvingType.Make(lower);
        Refuse(otherCase, content, columns.Select(c => ($"{otherCase.Name}.{c.Property.Name.ToLowerInvariant()} differs from the stored '{c.Property.Name}' only in case, ", "", $"[FormerName(\"{c.Property.Name}\")]")));
    }

    private void Refuse(Type type, string[] content, IEnumerable<(string Start, string Ways, string End)> reasons)
    {
        string message = Assert.Throws<LambdaCoreException>(() => Open(type, []))!.Message;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(message, Does.StartWith($"The events of this store cannot be read as {type.Name}. ").And.EndsWith("Nothing was changed on disk."));
            foreach ((string start, string ways, string end) in reasons)
            {
                int at = message.IndexOf(start, StringComparison.Ordinal);
                Assert.That(at, Is.Not.Negative, start);
                string rest = message[(at + start.Length)..];
                int to = ways.Length == 0 ? 0 : rest.IndexOf(end, StringComparison.Ordinal);
                Assert.That(rest, Does.Contain(end));
                Assert.That(string.Join(", ", rest[..to].Split(", ").Order(StringComparer.Ordinal)), Is.EqualTo(ways), start);
            }

            Assert.That(StoreFixture.Content(_folder), Is.EqualTo(content));
        }
    }

    private EvolvingStore Open(Type type, string[] grouped) => EvolvingStore.Open(new PhysicalStorage(_folder), type, grouped, segmentEvents: 60);

    private static bool IsNullable(SchemaOracle.Column column) => column.Property.Name.EndsWith("OrNull", StringComparison.Ordinal);

    private static void Add(SchemaOracle oracle, Random random)
    {
        for (int count = 0; count < 20; count++)
        {
            if (count % 5 == 4)
            {
                oracle.Rejected.Add(oracle.Events.Count);
            }

            oracle.Events.Add(oracle.Active.ToDictionary(
                c => c.Id, c => Nullable.GetUnderlyingType(c.Property.Type) is not null && random.Next(3) == 0 ? null : (object?)EvolvingValue.Random(random, c.Property.Core)));
        }
    }

    private static async Task CheckAsync(EvolvingStore store, SchemaOracle oracle, string[] grouped)
    {
        (long Number, string Values)[] all = [.. oracle.Events.Select((e, i) => ((long)i, EvolvingStore.Show(
            oracle.Active.Select(c => (c.Property.Name, e[c.Id])).OrderBy(v => v.Name, StringComparer.Ordinal))))];
        (long Number, string Values)[] counting = [.. all.Where(e => !oracle.Rejected.Contains((int)e.Number))];
        Assert.That(store.Positions.End.Value, Is.EqualTo(all.Length));
        Assert.That(store.ReadSealed(), Is.EqualTo(counting.TakeWhile(e => e.Number < store.Positions.Sealed.Value)), "sealed");
        Assert.That(await store.ReadRejectedAsync(), Is.EqualTo(all.Where(e => oracle.Rejected.Contains((int)e.Number))), "rejected");
        foreach (string name in grouped)
        {
            int? id = oracle.Active.Find(c => c.Property.Name == name)?.Id;
            IEnumerable<(string, long)> expected = counting.GroupBy(e => id is { } of ? EvolvingValue.Show(oracle.Events[(int)e.Number][of]) : $"{e.Number}").Select(g => (g.Key, (long)g.Count()));
            Assert.That((await store.CountAsync(name)).OrderBy(c => c.Key, StringComparer.Ordinal), Is.EqualTo(expected.OrderBy(c => c.Item1, StringComparer.Ordinal)), $"counted by {name}");
        }
    }

    /// <summary>A type as one writes it.</summary>
    private static string Name(Type type, bool nullable)
    {
        string name = type == typeof(bool) ? "bool" : type == typeof(sbyte) ? "sbyte" : type == typeof(byte) ? "byte" : type == typeof(short) ? "short" : type == typeof(ushort) ? "ushort"
            : type == typeof(int) || type == typeof(DayOfWeek) ? "int" : type == typeof(uint) ? "uint" : type == typeof(long) ? "long" : type == typeof(ulong) ? "ulong"
            : type == typeof(float) ? "float" : type == typeof(double) ? "double" : type == typeof(decimal) ? "decimal" : type == typeof(string) ? "string" : type == typeof(byte[]) ? "byte[]" : type.Name;
        return nullable ? $"{name}?" : name;
    }
}
