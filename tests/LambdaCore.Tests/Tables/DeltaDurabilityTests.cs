using LambdaCore.Storage;
using LambdaCore.Tables;
using NUnit.Framework;

namespace LambdaCore.Tests.Tables;

/// <summary>Random commits; the power is cut, the process killed or the disk fails at every storage call in turn.</summary>
[TestFixture]
internal sealed class DeltaDurabilityTests
{
    private const int Commits = 5;
    private const int Rounds = 25;

    private static readonly Guid Store = new("00000000-0000-0000-0000-000000000001");

    public enum Fault
    {
        PowerCut,
        Kill,
        FailingCall,
    }

    [Test]
    public void After_a_fault_at_any_call_the_table_is_at_the_old_or_the_new_version([Values] Fault fault)
    {
        int seed = TestTable.NewSeed();
        int faults = 0;
        for (int round = 0; round < Rounds; round++)
        {
            faults += StrikeEveryCall(seed + round, fault);
        }

        Assert.That(faults, Is.GreaterThan(Rounds * Commits * 4), "each commit reaches the disk at least four times");
    }

    private static int StrikeEveryCall(int seed, Fault fault)
    {
        List<string> versions = [];
        using (var calm = new InMemoryStorage())
        {
            RunScript(calm, seed, table => versions.Add(Describe(table)));
        }

        for (int struck = 1; ; struck++)
        {
            int acknowledged = -1;
            DeltaTable? table = null;
            var storage = new InMemoryStorage();
            InMemoryStorage left = storage;
            storage.BeforeCall = call =>
            {
                if (call.Number == struck)
                {
                    left = fault switch
                    {
                        Fault.PowerCut => storage.Crash(new Random(seed ^ struck)),
                        Fault.Kill => storage.Kill(),
                        _ => storage,
                    };
                    throw new StorageException("struck");
                }
            };
            try
            {
                RunScript(storage, seed, now =>
                {
                    table = now;
                    acknowledged++;
                });
                storage.Dispose();
                return struck - 1;
            }
            catch (StorageException exception) when (exception.Message == "struck")
            {
                string message = $"seed {seed}, {fault} at call {struck}, after version {acknowledged}";
                if (table is not null)
                {
                    Assert.That(() => table.Commit([], [], 99, "AFTER"), Throws.InstanceOf<LambdaCoreException>().With.Message.Contains("struck"), message);
                }

                string found = Describe(Open(left));
                string[] allowed = acknowledged < 0 ? [versions[0]] : [versions[acknowledged], versions[acknowledged + 1]];
                Assert.That(found, Is.AnyOf(allowed), message);

                // What was seen after one fault must not be lost in the next.
                using InMemoryStorage again = left.Crash(new Random(seed));
                Assert.That(Describe(Open(again)), Is.EqualTo(found), message);
            }
        }
    }

    private static void RunScript(InMemoryStorage storage, int seed, Action<DeltaTable> acknowledged)
    {
        var random = new Random(seed);
        DeltaTable table = Open(storage);
        acknowledged(table);
        for (int version = 1; version <= Commits; version++)
        {
            DeltaFile[] added = [.. Enumerable.Range(0, random.Next(4)).Select(index => TestTable.File($"{version}-{index}.parquet", random.Next(1, 5000)))];
            string[] removed = [.. table.Files.Select(file => file.Path).Where(_ => random.Next(3) == 0)];
            table.Commit(added, removed, random.Next(1000), "WRITE", [KeyValuePair.Create("seed", $"{seed}")]);
            acknowledged(table);
        }
    }

    private static DeltaTable Open(IStorage storage) => TestTable.Open(storage, storeId: Store);

    /// <summary>Without the table's id, which differs with each run.</summary>
    private static string Describe(DeltaTable table) => TestTable.Describe(table).Replace($"{table.Snapshot.Metadata.Id}", "id", StringComparison.Ordinal);
}
