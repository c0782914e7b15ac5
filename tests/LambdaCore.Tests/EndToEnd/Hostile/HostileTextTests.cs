using System.Text;
using LambdaCore.DuckDb;
using LambdaCore.Tests.Tables;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Hostile;

/// <summary>Whatever a text looks like, it goes through all of a store and is the same bytes wherever it comes out; or it is refused at once.</summary>
[TestFixture]
internal sealed class HostileTextTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly ViewDefinition<Word, string, Told> ByText = View.Of<Word>("by_text").GroupBy(e => e.Text)
        .Select(g => new Told(g.Count(), g.Sum(e => e.Number), g.Latest(e => e.Note), g.Min(e => e.Text), g.Max(e => e.Text), g.Latest(e => e.Raw)));

    private string _folder = "";

    [SetUp]
    public void CreateFolder() => _folder = Directory.CreateTempSubdirectory("lambdacore-hostile-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void Texts_are_different() => Assert.That(HostileText.All, Is.Unique);

    [Test]
    public async Task Every_text_is_the_same_in_every_answer()
    {
        await using (LambdaStore<Word> store = await OpenAsync())
        {
            Word[] words = Words(HostileText.All);
            await store.AppendAsync(words.AsMemory(0, 40));
            foreach (Word word in words.Skip(40))
            {
                await store.AppendAsync(word);
            }

            // Too late, so that the same texts stand among the dead letters.
            await store.AppendAsync(words.Select(w => w with { At = Start.AddYears(-10) }).ToArray());
            await CheckAsync(store, AnswerSource.Speed, "from the speed layer");
            await store.RunBatchAsync();
            await CheckAsync(store, AnswerSource.Batch, "from the batch layer");
            await store.RunBatchAsync(BatchMode.Full);
            ViewAnswer<string, Told> past = await store.AsOf(store.Position).Query(ByText).ExecuteAsync();
            Check(past.Rows, 0, "from the log");
            foreach (Word word in words)
            {
                List<Word> found = [];
                await foreach (ExplainedEvent<Word> one in (await store.ExplainAsync(ByText, word.Text)).Events)
                {
                    found.Add(one.Event);
                }

                Assert.That(found.Select(f => f.Text), Is.EqualTo(new[] { word.Text }), "explained");
                Assert.That(found[0].Raw, Is.EqualTo(word.Raw), "explained");
            }
        }

        await using (LambdaStore<Word> again = await OpenAsync())
        {
            await CheckAsync(again, AnswerSource.Batch, "opened again");
        }
    }

    [Test]
    public async Task Every_text_can_be_named_in_a_correction_and_changes_its_own_event_only()
    {
        int seed = LambdaCore.Tests.Speed.Seeds.Next();
        Random random = new(seed);
        string[] texts = [.. HostileText.All.Where(t => t.Length < 1000)];
        random.Shuffle(texts);
        texts = texts[..36];
        TestContext.Out.WriteLine($"seed {seed}");
        using LambdaCore.Storage.InMemoryStorage disk = new();
        LambdaStoreOptions<Word> options = new() { BatchThreads = 1 };
        options.EventTime(e => e.At).AddView(ByText);
        options.Validate();
        await using LambdaStore<Word> store = StoreOpening.Open("memory", disk, options);
        Dictionary<string, Word> words = Words(texts).ToDictionary(w => w.Text);
        await store.AppendAsync(words.Values.ToArray());
        foreach (string text in texts)
        {
            string sql = $"Text = '{text.Replace("'", "''", StringComparison.Ordinal)}'";
            string other = texts[random.Next(texts.Length)];
            Correction made;
            if (random.Next(2) == 0)
            {
                made = await store.CorrectAsync(e => e.Text == text, s => s.Set(e => e.Note, other).Set(e => e.Number, e => e.Number + 1000), text.Length == 0 || string.IsNullOrWhiteSpace(text) ? "blank" : text);
            }
            else if (text.Contains('\0', StringComparison.Ordinal) || other.Contains('\0', StringComparison.Ordinal))
            {
                // SQL has no way to write it; lambdas have.
                Assert.That(async () => await store.CorrectAsync(sql, $"Note = '{other.Replace("'", "''", StringComparison.Ordinal)}'", "no"), Throws.ArgumentException, sql);
                continue;
            }
            else
            {
                made = await store.CorrectAsync(sql, $"Note = '{other.Replace("'", "''", StringComparison.Ordinal)}', Number = Number + 1000", "a reason");
            }

            Assert.That(made.Events, Is.EqualTo(1), $"{Readable(text)}, seed {seed}");
            words[text] = words[text] with { Note = other, Number = words[text].Number + 1000 };
        }

        Assert.That(await ToldAsync(), Is.EquivalentTo(words.Values.Select(w => (w.Text, w.Note, w.Number))), $"seed {seed}");
        foreach (string text in texts[..8])
        {
            ErasureReceipt receipt = await store.EraseAsync(e => e.Text == text, "erased");
            Assert.That(receipt.Events, Is.EqualTo(1), $"{Readable(text)}, seed {seed}");
            words.Remove(text);
        }

        Assert.That(await ToldAsync(), Is.EquivalentTo(words.Values.Select(w => (w.Text, w.Note, w.Number))), $"seed {seed}");

        async Task<IEnumerable<(string, string?, long)>> ToldAsync() => (await store.Query(ByText).ExecuteAsync()).Rows.Select(r => (r.Key, r.Result.Note, r.Result.Sum));
    }

    [Test]
    public async Task Every_text_is_the_same_bytes_in_the_files()
    {
        await using (LambdaStore<Word> store = await OpenAsync())
        {
            await store.AppendAsync(Words(HostileText.All));
            await store.RunBatchAsync();
        }

        using DuckDbInstance duckDb = new(new DuckDbOptions { AllowedDirectories = [_folder] });
        using DuckDbConnection connection = duckDb.Connect();
        using DuckDbResult result = connection.Query("SELECT hex(encode(Text)), hex(encode(Note)), hex(Raw) FROM read_parquet($1) ORDER BY _position", Path.Combine(_folder, "log", "*.parquet"));
        List<string?[]> rows = [];
        while (result.NextChunk())
        {
            for (int row = 0; row < result.RowCount; row++)
            {
                rows.Add([(string?)result.Column(0).Value(row), (string?)result.Column(1).Value(row), (string?)result.Column(2).Value(row)]);
            }
        }

        Assert.That(rows, Is.EqualTo(Bytes()));
    }

    [Test]
    [Category("Delta")]
    public async Task Every_text_is_the_same_bytes_to_an_independent_reader()
    {
        await using (LambdaStore<Word> store = await OpenAsync())
        {
            await store.AppendAsync(Words(HostileText.All));
            await store.RunBatchAsync();
        }

        Assert.That(
            IndependentDeltaReader.Query(Path.Combine(_folder, "log"), "SELECT hex(Text), hex(assumeNotNull(Note)), hex(Raw) FROM {table} ORDER BY _position"),
            Is.EqualTo(Bytes()));
    }

    [Test]
    public async Task Half_a_character_is_refused_wherever_it_is_given_and_nothing_else_with_it()
    {
        await using LambdaStore<Word> store = await OpenAsync();
        await store.AppendAsync(Words(["whole"]));
        foreach (string half in HostileText.Halves)
        {
            Word bad = Words([half])[0];
            Assert.That(async () => await store.AppendAsync(bad), Throws.ArgumentException.With.Message.Contains("Word.Text").And.Message.Contains("Nothing was appended"), Readable(half));
            Assert.That(async () => await store.AppendAsync(new[] { Words(["good"])[0], bad with { Text = "x", Note = half } }), Throws.ArgumentException.With.Message.Contains("Word.Note"), Readable(half));
            Assert.That(async () => await store.CorrectAsync(e => e.Text == "whole", s => s.Set(e => e.Note, half), "no"), Throws.InstanceOf<ArgumentException>(), Readable(half));
            Assert.That(async () => await store.CorrectAsync("Text = 'whole'", $"Note = '{half}'", "no"), Throws.ArgumentException.With.Message.Contains("surrogate"), Readable(half));
            Assert.That(async () => await store.EraseAsync($"Text = '{half}'", "no"), Throws.ArgumentException.With.Message.Contains("surrogate"), Readable(half));
            Assert.That(async () => await store.GetAsync(ByText, half), Throws.InstanceOf<ArgumentException>().Or.Null, Readable(half));
            Assert.That(store.Position.Value, Is.EqualTo(1), Readable(half));
            Assert.That((await store.Query(ByText).ExecuteAsync()).Rows.Single().Result.Note, Is.EqualTo("whole"), Readable(half));
        }

        await store.AppendAsync(Words(["after"]));
        await store.RunBatchAsync();
    }

    private static Word[] Words(string[] texts) =>
        [.. texts.Select((text, i) => new Word(Start.AddMinutes(i), text, text, text.Any(char.IsSurrogate) ? Encoding.Unicode.GetBytes(text) : Encoding.UTF8.GetBytes(text), i))];

    private static string?[][] Bytes() => [.. Words(HostileText.All).Select(w => new[] { Convert.ToHexString(Encoding.UTF8.GetBytes(w.Text)), Convert.ToHexString(Encoding.UTF8.GetBytes(w.Note!)), Convert.ToHexString(w.Raw) })];

    private static string Readable(string text) => string.Join(' ', text.Take(20).Select(c => ((int)c).ToString("X4", System.Globalization.CultureInfo.InvariantCulture)));

    private static void Check(IReadOnlyList<ViewEntry<string, Told>> rows, long added, string when)
    {
        Word[] words = Words(HostileText.All);
        Assert.That(rows.Select(r => r.Key), Is.EquivalentTo(words.Select(w => w.Text)), when);
        Dictionary<string, Told> told = rows.ToDictionary(r => r.Key, r => r.Result);
        foreach (Word word in words)
        {
            Told of = told[word.Text];
            Assert.That((of.Count, of.Sum, of.Note, of.Least, of.Most), Is.EqualTo((1L, word.Number + added, word.Note, word.Text, word.Text)), $"{when}: {Readable(word.Text)}");
            Assert.That(of.Raw, Is.EqualTo(word.Raw), when);
        }
    }

    private static async Task CheckAsync(LambdaStore<Word> store, AnswerSource source, string when)
    {
        Check((await store.Query(ByText).ExecuteAsync()).Rows, 0, when);
        foreach (Word word in Words(HostileText.All))
        {
            ViewEntry<string, Told>? entry = await store.GetAsync(ByText, word.Text);
            Assert.That(entry?.Result.Note, Is.EqualTo(word.Note), $"{when}: {Readable(word.Text)}");
            Assert.That(entry!.Receipt.Source, Is.EqualTo(source), when);
        }

        List<string> dead = [];
        await foreach (DeadLetter<Word> letter in store.ReadDeadLettersAsync())
        {
            dead.Add(letter.Event.Text);
        }

        Assert.That(dead, Is.EqualTo(HostileText.All), $"{when}: dead letters");
    }

    private Task<LambdaStore<Word>> OpenAsync() => LambdaStore.OpenAsync<Word>(_folder, o =>
    {
        o.EventTime(e => e.At).AddView(ByText);
        o.LateEvents = LatePolicy.Reject;
        o.GracePeriod = TimeSpan.FromDays(100);
        o.BatchThreads = 1;
    });
}
