using LambdaCore.Storage;
using LambdaCore.Tables;
using NUnit.Framework;

namespace LambdaCore.Tests.Tables;

[TestFixture]
internal sealed class ViewFolderTests
{
    [TestCase("hourly_stats-2", "hourly_stats-2")]
    [TestCase("a b", "a~20b")]
    [TestCase("../up", "~2E~2E~2Fup")]
    [TestCase("Größe", "Gr~C3~B6~C3~9Fe")]
    [TestCase("con", "~63on")]
    [TestCase("COM1", "~43OM1")]
    [TestCase("conx", "conx")]
    [TestCase("a~20b", "a~7E20b")]
    [TestCase("nul.txt", "nul~2Etxt")]
    public void A_view_has_a_folder_that_every_file_system_takes(string view, string folder) =>
        Assert.That(ViewFolder.NameOf(view), Is.EqualTo(folder));

    [Test]
    public void Different_names_have_different_folders_from_which_the_name_can_be_read()
    {
        int seed = TestTable.NewSeed();
        var random = new Random(seed);
        const string Alphabet = "acnoux%2.~/ Üé😀";
        for (int round = 0; round < 5000; round++)
        {
            string name = string.Concat(Enumerable.Range(0, random.Next(1, 8)).Select(_ => Alphabet.EnumerateRunes().ElementAt(random.Next(15))));
            string folder = ViewFolder.NameOf(name);
            Assert.That(folder, Does.Match("^[A-Za-z0-9_~-]+$"), $"seed {seed}");
            Assert.That(Uri.UnescapeDataString(folder.Replace('~', '%')), Is.EqualTo(name), $"seed {seed}");
            Assert.That(ViewFolder.ViewOf(folder), Is.EqualTo(name), $"seed {seed}");
        }
    }

    [Test]
    public void Names_that_cannot_be_folders_are_refused()
    {
        Assert.That(() => ViewFolder.NameOf(""), Throws.ArgumentException);
        Assert.That(() => ViewFolder.NameOf("\ud800"), Throws.ArgumentException.With.Message.Contains("surrogate"));
        Assert.That(ViewFolder.NameOf(new string('v', 120)), Has.Length.EqualTo(120));
        Assert.That(() => ViewFolder.NameOf(new string('v', 121)), Throws.ArgumentException.With.Message.Contains("121").And.Message.Contains("120"));
        Assert.That(() => ViewFolder.NameOf(new string('ü', 21)), Throws.ArgumentException.With.Message.Contains("126"));
    }

    [TestCase("")]
    [TestCase("a b")]
    [TestCase("a~2")]
    [TestCase("a~")]
    [TestCase("a~zz")]
    [TestCase("a~2f")]
    [TestCase("~61")]
    [TestCase("con")]
    [TestCase("~FF")]
    [TestCase("gr\u00f6\u00dfe")]
    [TestCase("\u0161")]
    public void A_folder_that_no_view_has_is_none(string folder) => Assert.That(ViewFolder.ViewOf(folder), Is.Null);

    [Test]
    public void A_folder_whose_name_is_too_long_for_a_view_is_none()
    {
        Assert.That(ViewFolder.ViewOf(new string('v', 121)), Is.Null);
        Assert.That(ViewFolder.ViewOf(new string('.', 100)), Is.Null, "written as a view's it would be too long");
    }

    [Test]
    public void Views_with_files_are_found_among_folders_of_others_and_are_deleted_file_by_file()
    {
        using InMemoryStorage storage = new();
        foreach (string folder in new[] { "a", "b~20c/_delta_log", "empty/_delta_log", $"{new string('v', 121)}", "not a view" })
        {
            storage.CreateFolder($"views/{folder}");
            if (!folder.StartsWith("empty", StringComparison.Ordinal))
            {
                storage.PublishNew($"views/{folder}/file", [1]);
            }
        }

        Assert.That(ViewFolder.StoredViews(storage), Is.EqualTo(new[] { "a", "b c" }));
        ViewFolder.Delete(storage, "b c");
        ViewFolder.Delete(storage, "never");
        Assert.That(ViewFolder.StoredViews(storage), Is.EqualTo(new[] { "a" }));
        Assert.That(storage.Exists("views/not a view/file"), "what is no view's stays");
    }

    [Test]
    public void Names_that_differ_in_case_only_are_refused() =>
        Assert.That(() => ViewFolder.NamesOf(["Hourly", "daily", "hourly"]), Throws.ArgumentException.With.Message.Contains("'Hourly'").And.Message.Contains("'hourly'"));

    [Test]
    public void All_views_have_their_folders() =>
        Assert.That(ViewFolder.NamesOf(["a", "b c"]), Is.EqualTo(new Dictionary<string, string> { ["a"] = "a", ["b c"] = "b~20c" }));
}
