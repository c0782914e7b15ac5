using LambdaCore.Storage;
using LambdaCore.Tests.EndToEnd;
using NUnit.Framework;

namespace LambdaCore.Tests.Damage;

/// <summary>A folder that has parts of a store and not the transaction log that they belong to is not taken for a new store.</summary>
[TestFixture]
internal sealed class LeftOverTests
{
    [TestCase("log/", ".parquet")]
    [TestCase("wal/", ".wal")]
    [TestCase("deadletters/", "")]
    public async Task What_is_left_of_a_store_without_its_transaction_log_is_refused(string folder, string extension)
    {
        SimulatedClock clock = new();
        StoreImage image = await BuildAsync(clock);
        string[] left = [.. image.Paths.Where(p => p.StartsWith(folder, StringComparison.Ordinal) && p.EndsWith(extension, StringComparison.Ordinal))];
        Assert.That(left, Is.Not.Empty);
        AssertRefused(image, clock, left, "is part of a store");
    }

    [Test]
    public async Task Dead_letters_without_their_transaction_log_are_refused_too()
    {
        SimulatedClock clock = new();
        StoreImage image = await BuildAsync(clock);
        string[] kept = [.. image.Paths.Where(p => !p.StartsWith("deadletters/_", StringComparison.Ordinal))];
        AssertRefused(image, clock, kept, "deadletters/");
    }

    private static void AssertRefused(StoreImage image, SimulatedClock clock, string[] kept, string told)
    {
        StoreImage left = image.Copy();
        foreach (string path in left.Paths.Except(kept).ToArray())
        {
            left.Remove(path);
        }

        using InMemoryStorage disk = left.ToDisk();
        Assert.That(
            () => DamageScene.Open(disk, clock),
            Throws.InstanceOf<TableCorruptException>().With.Message.Contains("00000000000000000000.json").And.Message.Contains("the file is missing").And.Message.Contains(told));
        Assert.That(StoreImage.Of(disk).DifferencesTo(left).Where(f => f != "LOCK"), Is.Empty, "nothing is changed");
    }

    private static async Task<StoreImage> BuildAsync(SimulatedClock clock)
    {
        using InMemoryStorage disk = new();
        await using (LambdaStore<Reading> store = DamageScene.Open(disk, clock))
        {
            await store.AppendAsync(Enumerable.Range(0, 20).Select(i => DamageScene.At(i)).ToArray());
            await store.RunBatchAsync();
        }

        return StoreImage.Of(disk);
    }
}
