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

    [Test]
    public void Names_that_differ_in_case_only_are_refused() =>
        Assert.That(() => ViewFolder.NamesOf(["Hourly", "daily", "hourly"]), Throws.ArgumentException.With.Message.Contains("'Hourly'").And.Message.Contains("'hourly'"));

    [Test]
    public void All_views_have_their_folders() =>
        Assert.That(ViewFolder.NamesOf(["a", "b c"]), Is.EqualTo(new Dictionary<string, string> { ["a"] = "a", ["b c"] = "b~20c" }));
}
