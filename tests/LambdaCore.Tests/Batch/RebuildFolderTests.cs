using System.Text;
using LambdaCore.Batch;
using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.Batch;

/// <summary>Of a rebuild that is under way counts what is whole and its own; whatever else lies in its folder is deleted, and never taken for something.</summary>
[TestFixture]
internal sealed class RebuildFolderTests
{
    private const string Folder = "views/v/_rebuild";

    private InMemoryStorage _storage = null!;
    private RebuildOrder _order = null!;
    private RebuildFolder _folder = null!;

    [SetUp]
    public void BeginRebuild()
    {
        _storage = new InMemoryStorage();
        _storage.CreateFolder("views/v");
        _order = new RebuildOrder { Id = new Guid("00000000-0000-0000-0000-000000000001"), Kind = RebuildKind.Reprocessing, Fingerprint = "f", OrderedAt = DateTimeOffset.UnixEpoch, Reason = "a test" };
        _folder = new RebuildFolder(_storage, "views/v");
        _folder.Begin(_order);
    }

    [TearDown]
    public void DisposeStorage() => _storage.Dispose();

    [Test]
    public void An_order_and_its_parts_are_found_by_the_next_process()
    {
        RebuildPart[] parts = [Add(0, 10), Add(20, 30), Add(10, 20)];
        RebuildFolder again = new(_storage, "views/v");
        Assert.That(again.Order(), Is.EqualTo(_order));
        Assert.That(again.Parts(_order.Id), Is.EqualTo(parts.OrderBy(p => p.Start)));
    }

    [Test]
    public void A_damaged_order_is_there_but_says_nothing([Range(0, 30, 5)] int at)
    {
        byte[] content = _storage.ReadAll($"{Folder}/order.json");
        content[^(at + 1)] ^= 1;
        Put("order.json", content);
        Assert.That((_folder.HasOrder, _folder.Order()), Is.EqualTo((true, (RebuildOrder?)null)));
    }

    [TestCase("")]
    [TestCase("12345678")]
    [TestCase("{}xxxxxxxx")]
    public void An_order_that_is_too_short_or_has_no_checksum_says_nothing(string content)
    {
        Put("order.json", Encoding.ASCII.GetBytes(content));
        Assert.That((_folder.HasOrder, _folder.Order()), Is.EqualTo((true, (RebuildOrder?)null)));
    }

    [Test]
    public void A_note_in_the_place_of_the_order_says_nothing()
    {
        RebuildPart part = Add(0, 10);
        Put("order.json", _storage.ReadAll($"{Folder}/{NoteOf(part)}"));
        Assert.That(_folder.Order(), Is.Null);
    }

    [Test]
    public void What_is_no_whole_part_of_this_rebuild_is_deleted()
    {
        RebuildPart sound = Add(0, 10);
        RebuildPart ofAnother = Add(10, 20, new Guid("00000000-0000-0000-0000-000000000002"));
        RebuildPart withoutFile = Add(20, 30);
        _storage.Delete(_folder.PathOf(withoutFile));
        RebuildPart shortened = Add(30, 40);
        Put(Path.GetFileName(_folder.PathOf(shortened)), [1]);
        RebuildPart withoutNote = Add(40, 50);
        _storage.Delete($"{Folder}/{NoteOf(withoutNote)}");
        Put("00000000000000000050-00000000000000000060-0.json", _storage.ReadAll($"{Folder}/{NoteOf(sound)}"));
        Put("garbage.json", [1, 2]);
        Put("something", [1]);
        Assert.That(_storage.Exists($"{Folder}/{NoteOf(ofAnother)}"));

        Assert.That(_folder.Parts(_order.Id), Is.EqualTo(new[] { sound }));
        Assert.That(_storage.List(Folder), Is.EquivalentTo(new[] { "order.json", NoteOf(sound), Path.GetFileName(_folder.PathOf(sound)) }));
    }

    [Test]
    public void A_part_that_is_added_once_more_takes_the_place_of_what_an_attempt_before_has_left()
    {
        RebuildPart part = Add(0, 10);
        _storage.Delete($"{Folder}/{NoteOf(part)}");
        Assert.That(Add(0, 10), Is.EqualTo(part));
        Assert.That(_folder.Parts(_order.Id), Is.EqualTo(new[] { part }));
    }

    [Test]
    public void Once_it_has_ended_no_order_comes_back_wherever_the_power_is_cut()
    {
        Add(0, 10);
        int cuts = 0;
        for (int call = 1; ; call++)
        {
            using InMemoryStorage image = _storage.AfterKill();
            long last = image.Calls + call;
            bool ended = false;
            image.BeforeCall = c => _ = c.Number >= last ? throw new StorageException("The power is gone.") : 0;
            try
            {
                new RebuildFolder(image, "views/v").End();
                ended = true;
            }
            catch (StorageException)
            {
                cuts++;
            }

            using InMemoryStorage after = image.Crash(new Random(call));
            RebuildFolder left = new(after, "views/v");
            Assert.That(left.Order(), ended ? Is.Null : Is.Null.Or.EqualTo(_order), $"call {call}");
            Assert.That(left.HasOrder, Is.EqualTo(left.Order() is not null), $"call {call}");
            if (ended)
            {
                break;
            }
        }

        Assert.That(cuts, Is.GreaterThan(3));
        _folder.End();
        Assert.That(_storage.List(Folder), Is.Empty);
        Assert.That(_folder.End, Throws.Nothing, "there is nothing to end");
    }

    private RebuildPart Add(long start, long end, Guid? rebuild = null)
    {
        string scratch = _storage.NewScratchPath(".run");
        File.WriteAllBytes(scratch, [1, 2, 3]);
        RebuildPart part = new(rebuild ?? _order.Id, start, end, 0, 3);
        _folder.Add(scratch, part);
        return part;
    }

    private string NoteOf(RebuildPart part) => Path.ChangeExtension(Path.GetFileName(_folder.PathOf(part)), ".json");

    private void Put(string file, byte[] content)
    {
        _storage.Delete($"{Folder}/{file}");
        _storage.PublishNew($"{Folder}/{file}", content);
    }
}
