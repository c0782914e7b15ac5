using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Corrections;

/// <summary>Corrections by SQL: what it means, and that nothing gets through it but operators on one event.</summary>
[TestFixture]
internal sealed class SqlCorrectionTests
{
    private static readonly ViewDefinition<Entry, long, Seen> All = View.Of<Entry>("all").GroupBy(e => e.Number)
        .Select(g => new Seen(g.Sum(e => e.Count), g.Sum(e => e.Price), g.Latest(e => e.Note), g.Latest(e => e.At), g.Latest(e => e.Flag), g.Sum(e => e.Small)));

    private static readonly Entry[] Entries =
    [
        new(0, At(0), 7, 10.5m, "a", true, 1),
        new(1, At(1), -7, 0.1m, null, false, 2),
        new(2, At(2), 0, 99m, "it's", null, 127),
        new(3, At(3), int.MaxValue, -1m, "", true, 0),
    ];

    private static readonly TestCaseData[] Meanings =
    [
        Case("Count = 7", "Note = 'x'", e => e.Count == 7, e => e with { Note = "x" }),
        Case("count <> 7 AND NOT Flag", "PRICE = Price / 100", e => e.Count != 7 && e.Flag == false, e => e with { Price = e.Price / 100 }),
        Case("NOT (Note = 'a')", "Count = 1", e => e.Note is not null && e.Note != "a", e => e with { Count = 1 }),
        Case("Note <> 'a' OR Flag IS NULL", "Count = 2", e => (e.Note is not null && e.Note != "a") || e.Flag is null, e => e with { Count = 2 }),
        Case("NOT (Flag OR Count = 0)", "Count = 3", e => e.Flag == false && e.Count != 0, e => e with { Count = 3 }),
        Case("Note IN ('a', 'it''s')", "Note = upper(Note) || '!'", e => e.Note is "a" or "it's", e => e with { Note = e.Note!.ToUpperInvariant() + "!" }),
        Case("Note NOT IN ('a')", "Note = NULL", e => e.Note is not null and not "a", e => e with { Note = null }),
        Case("Count BETWEEN -7 AND 0", "Count = -Count + 1, Price = Count", e => e.Count is >= -7 and <= 0, e => e with { Count = -e.Count + 1, Price = e.Count }),
        Case("Count < 100", "Count = Count / 2 * 10 + Count % 2", e => e.Count < 100, e => e with { Count = (e.Count / 2 * 10) + (e.Count % 2) }),
        Case("Price > 10 AND Price <= 10.50", "Price = round(Price * 1.5)", e => e.Price is > 10 and <= 10.50m, e => e with { Price = decimal.Round(e.Price * 1.5m) }),
        Case("Count > 3000000000 OR Small < 1.5", "Small = Small + 1", e => e.Small < 1.5, e => e with { Small = (sbyte)(e.Small + 1) }),
        Case("\"At\" >= '2026-01-01T00:02:00Z'", "\"At\" = TIMESTAMP '2027-05-06 07:08:09'", e => e.At >= At(2), e => e with { At = new DateTimeOffset(2027, 5, 6, 7, 8, 9, TimeSpan.Zero) }),
        Case("coalesce(Note, 'none') = 'none'", "Note = coalesce(Note, 'none')", e => e.Note is null, e => e with { Note = "none" }),
        Case("TRUE", "Flag = (Count > 0), Note = CASE WHEN Count > 0 THEN 'plus' WHEN Count = 0 THEN 'zero' ELSE NULL END", _ => true,
            e => e with { Flag = e.Count > 0, Note = e.Count > 0 ? "plus" : e.Count == 0 ? "zero" : null }),
        Case("Note IS NOT NULL AND contains(Note, 't')", "Note = replace(Note, '''', ' OR 1=1; DROP TABLE x; --')", e => e.Note?.Contains('t', StringComparison.Ordinal) == true,
            e => e with { Note = e.Note!.Replace("'", " OR 1=1; DROP TABLE x; --", StringComparison.Ordinal) }),
        Case("Small = 127 -- with a comment", "Count = CAST(Price AS INTEGER)", e => e.Small == 127, e => e with { Count = (int)e.Price }),
    ];

    private static readonly string[] NotConditions =
    [
        "(SELECT true)", "EXISTS (SELECT 1)", "Count IN (SELECT 1)", "Count = ANY (SELECT 1)", "Count = (SELECT max(Count) FROM events)", "TRUE; DROP TABLE x", "TRUE; SELECT TRUE",
        "TRUE FROM read_text('/etc/passwd')", "TRUE FROM 'log/*.parquet'", "TRUE WHERE TRUE", "TRUE UNION SELECT TRUE", "TRUE) UNION (SELECT TRUE", "TRUE LIMIT 1", "TRUE ORDER BY 1", "DISTINCT TRUE",
        "TRUE GROUP BY 1", "TRUE HAVING TRUE", "TRUE QUALIFY TRUE", "TRUE USING SAMPLE 1", "TRUE AS x", "TRUE, FALSE", "*", "COLUMNS(*)", "$1 = 1", "? = 1", "Count = $name", "count(*) > 1",
        "getenv('HOME') = 'x'", "read_text('/etc/passwd') = 'x'", "Note = current_setting('home_directory')", "Note LIKE 'a%'", "Note ~ 'a'", "Note COLLATE NOCASE = 'a'", "row_number() OVER () = 1",
        "main.lower(Note) = 'a'", "lower(Note, Note) = 'a'", "sleep(1)", "random() > 0.5", "now() > \"At\"", "TRUE\0", "[Count] = [1]", $"{new string('(', 3000)}TRUE{new string(')', 3000)} = 1", string.Concat(Enumerable.Repeat("NOT ", 900)) + "TRUE", "TRY_CAST(Count AS BIGINT) = 1", "CAST(Note AS INTEGER) = 1", "e.Count = 1", "events.Count = 1",
        "nobody = 1", "\"Count; DROP\" = 1", "Count = NULL", "Count", "Count = 'x'", "\"At\" > 'yesterday'", "Note > 'a'", "[1, 2][1] = 1", "{'a': 1}.a = 1", "list_transform([1], x -> x) = [1]",
        "Count = INTERVAL 1 DAY", "'a' = ", "1 +", "", "Count IS DISTINCT FROM 1", "Note SIMILAR TO 'a'", "_position = 1",
    ];

    private static readonly string[] NotAssignments =
    [
        "Count", "Count = 1, Count = 2", "Count + 1 = 2", "1 = Count", "Count > 1", "Count = 1 AND Small = 2", "Nobody = 1", "Count = 'x'", "Count = 1.5", "Count = Price", "Count = 1 FROM x",
        "Note = (SELECT 'x')", "Note = getenv('HOME')", "Count = $1", "Price = Float", "Count = 1; DROP TABLE x", "Count = 1 WHERE TRUE", "\"At\" = now()", "_position = 1", "Count AS x",
    ];

    [TestCaseSource(nameof(Meanings))]
    public async Task SQL_means_what_it_says(string where, string set, Func<Entry, bool> condition, Func<Entry, Entry> setter)
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Entry> store = await OpenAsync(disk);
        CorrectionPreview<Entry> preview = await store.PreviewAsync(where, set);
        Correction made = await store.CorrectAsync(where, set, "a test");
        Entry[] expected = [.. Entries.Select(e => condition(e) ? setter(e) : e)];
        Assert.That(made.Events, Is.EqualTo(expected.Zip(Entries).Count(p => p.First != p.Second)).And.EqualTo(preview.Events).And.Positive);
        ViewAnswer<long, Seen> answer = await store.Query(All).ExecuteAsync();
        Assert.That(answer.Rows.Select(r => r.Result), Is.EqualTo(expected.Select(e => new Seen(e.Count, e.Price, e.Note, e.At, e.Flag, e.Small))));
        LogChange change = (await store.ReadChangesAsync()).Single();
        Assert.That((change.Condition, change.Setters), Is.EqualTo((where, set)));
    }

    [Test]
    public async Task Whatever_is_no_condition_on_one_event_is_refused()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Entry> store = await OpenAsync(disk);
        foreach (string where in NotConditions)
        {
            await RefusedAsync(store, where, "Count = 1");
        }

        Assert.That(await store.ReadChangesAsync(), Is.Empty);
    }

    [Test]
    public async Task Whatever_is_no_assignment_of_an_expression_on_one_event_is_refused()
    {
        using InMemoryStorage disk = new();
        await using LambdaStore<Entry> store = await OpenAsync(disk);
        foreach (string set in NotAssignments)
        {
            await RefusedAsync(store, "TRUE", set);
        }

        Assert.That(await store.ReadChangesAsync(), Is.Empty);
    }

    private static async Task RefusedAsync(LambdaStore<Entry> store, string where, string set)
    {
        try
        {
            await store.CorrectAsync(where, set, "no");
            Assert.Fail($"It was not refused: {where} | {set}");
        }
        catch (ArgumentException error)
        {
            Assert.That(error.Message, Does.EndWith("Nothing was changed.").Or.Contain("(Parameter 'where')"), $"{where} | {set}");
        }
    }

    private static TestCaseData Case(string where, string set, Func<Entry, bool> condition, Func<Entry, Entry> setter) =>
        new TestCaseData(where, set, condition, setter).SetArgDisplayNames(where, set);

    private static DateTimeOffset At(int minute) => new(2026, 1, 1, 0, minute, 0, TimeSpan.Zero);

    private static async Task<LambdaStore<Entry>> OpenAsync(InMemoryStorage disk)
    {
        LambdaStoreOptions<Entry> options = new() { BatchThreads = 1 };
        options.EventTime(e => e.At).AddView(All);
        options.Validate();
        LambdaStore<Entry> store = StoreOpening.Open("memory", disk, options);
        await store.AppendAsync(Entries);
        return store;
    }

    internal sealed record Entry(long Number, DateTimeOffset At, int Count, decimal Price, string? Note, bool? Flag, sbyte Small)
    {
        public double Float { get; init; }
    }

    internal sealed record Seen(long Count, decimal Price, string? Note, DateTimeOffset At, bool? Flag, long Small);
}
