using System.Reflection;
using System.Runtime.CompilerServices;
using NUnit.Framework;

namespace LambdaCore.Tests.Architecture;

/// <summary>The rooms of DESIGN section 3, enforced on the compiled assembly.</summary>
internal sealed class RoomTests
{
    private const string Everywhere = "Everywhere";
    private const string Root = "Root";

    /// <summary>Which rooms a room may use, besides itself and what may be used everywhere.</summary>
    private static readonly Dictionary<string, string[]> MayUse = new()
    {
        [Everywhere] = [],
        ["Values"] = [],
        ["Storage"] = [],
        ["DuckDb"] = [],
        ["Diagnostics"] = [],
        ["Aggregates"] = ["Values"],
        ["Views"] = ["Aggregates", "Values"],
        ["Tables"] = ["Storage", "Values"],
        ["Log"] = ["Tables", "Storage", "DuckDb", "Values", "Diagnostics"],
        ["Batch"] = ["Log", "Tables", "Storage", "Views", "Aggregates", "DuckDb", "Values", "Diagnostics"],
        ["Speed"] = ["Views", "Aggregates", "Storage", "Values"],
        ["Serving"] = ["Batch", "Speed", "Views", "Aggregates", "Values"],
        ["Running"] = ["Serving", "Speed", "Batch", "Log", "Tables", "Storage", "Views", "Aggregates", "DuckDb", "Values", "Diagnostics"],
        ["Rebuilds"] = ["Running", "Serving", "Speed", "Batch", "Log", "Tables", "Storage", "Views", "Aggregates", "DuckDb", "Values", "Diagnostics"],
        ["Changes"] = ["Rebuilds", "Running", "Serving", "Speed", "Batch", "Log", "Tables", "Storage", "Views", "Aggregates", "DuckDb", "Values", "Diagnostics"],
    };

    /// <summary>Public types share one namespace, for the sake of users; this says which room each belongs to.</summary>
    private static readonly Dictionary<string, string> RoomOfPublicType = new()
    {
        ["LambdaCoreException"] = Everywhere,
        ["LogPosition"] = Everywhere,
        ["LogRange"] = Everywhere,
        ["FormerNameAttribute"] = "Values",
        ["ValueWhenMissingAttribute"] = "Values",
        ["StorageException"] = "Storage",
        ["StoreLockedException"] = "Storage",
        ["DuckDbException"] = "DuckDb",
        ["TableCorruptException"] = "Tables",
        ["Durability"] = "Log",
        ["Backpressure"] = "Log",
        ["LatePolicy"] = "Log",
        ["Retention"] = "Log",
        ["RetentionRun"] = "Log",
        ["DeadLetter`1"] = "Log",
        ["RemainingFile"] = "Log",
        ["SalvageReport"] = "Log",
        ["SalvagedDamage"] = "Log",
        ["VacuumReceipt"] = "Log",
        ["EventDifference`1"] = "Log",
        ["LogChange"] = "Log",
        ["LogChangeKind"] = "Log",
        ["LogCorruptException"] = "Log",
        ["LogOverloadedException"] = "Log",
        ["LogPoisonedException"] = "Log",
        ["Producer`1"] = "Log",
        ["ProducerReceipt"] = "Log",
        ["EventStamp"] = "Aggregates",
        ["ErrorKind"] = "Aggregates",
        ["TopItem`1"] = "Aggregates",
        ["WhenExceeded"] = "Aggregates",
        ["IAggregate`3"] = "Aggregates",
        ["AggregateFailedException"] = "Aggregates",
        ["AggregateLaws"] = "Aggregates",
        ["AggregateLawException"] = "Aggregates",
        ["View"] = "Views",
        ["GroupedViewBuilder`2"] = "Views",
        ["ViewBuilder`1"] = "Views",
        ["ViewDefinition`1"] = "Views",
        ["ViewDefinition`3"] = "Views",
        ["ViewDefinitionException"] = "Views",
        ["EventGroup`2"] = "Views",
        ["EventSetters`1"] = "Views",
        ["Window"] = "Views",
        ["AmendmentRun"] = "Log",
        ["BatchMode"] = "Batch",
        ["BatchPhase"] = "Batch",
        ["BatchProgress"] = "Batch",
        ["BatchRun"] = "Batch",
        ["BatchRunView"] = "Batch",
        ["RebuildKind"] = "Batch",
        ["RebuildOptions"] = "Rebuilds",
        ["RebuildPhase"] = "Rebuilds",
        ["RebuildStatus"] = "Rebuilds",
        ["ViewRebuild"] = "Rebuilds",
        ["BatchSchedule"] = "Running",
        ["BatchStatus"] = "Running",
        ["CompactionReceipt"] = "Running",
        ["ErasureReceipt"] = "Changes",
        ["AnswerSource"] = "Serving",
        ["Consistency"] = "Serving",
        ["ColumnError"] = "Serving",
        ["EventTimeStatus"] = "Serving",
        ["LateCounts"] = "Serving",
        ["LayerReceipt"] = "Serving",
        ["RealTimeReason"] = "Serving",
        ["ViewComparison"] = "Serving",
        ["RowDifference"] = "Serving",
        ["DriftMismatch"] = "Serving",
        ["DriftReport"] = "Serving",
        ["Receipt"] = "Serving",
        ["Reconciliation"] = "Serving",
        ["ReconciliationReceipt"] = "Serving",
        ["ViewAnswer`2"] = "Serving",
        ["ViewEntry`2"] = "Serving",
        ["ViewQuery`2"] = "Serving",
        ["ViewExplanation`3"] = "Serving",
        ["ExplainedEvent`1"] = "Serving",
        ["HistoricalStore`1"] = Root,
        ["ChangedView"] = "Running",
        ["Correction"] = "Changes",
        ["CorrectionPreview`1"] = "Changes",
        ["LambdaStore"] = Root,
        ["LambdaStore`1"] = Root,
        ["LambdaStoreOptions`1"] = Root,
    };

    private static readonly Assembly Library = typeof(LambdaCoreException).Assembly;

    [Test]
    public void Each_room_uses_only_the_rooms_that_it_may()
    {
        List<string> breaches = [];
        foreach (Type type in Library.GetTypes().Where(IsOurs))
        {
            string room = RoomOf(type);
            if (room == Root)
            {
                continue;
            }

            foreach (Type used in TypeUses.Of(type).Where(u => u.Assembly == Library && IsOurs(u)))
            {
                string usedRoom = RoomOf(used);
                if (usedRoom != room && usedRoom != Everywhere && !MayUse[room].Contains(usedRoom))
                {
                    breaches.Add($"{room}: {type.Name} uses {used.Name} of {usedRoom}");
                }
            }
        }

        Assert.That(breaches.Distinct(), Is.Empty);
    }

    [Test]
    public void Only_the_speed_room_knows_FASTER() =>
        Assert.That(UsersOf("FASTER.core"), Is.Not.Empty.And.All.EqualTo("Speed"));

    [Test]
    public void Native_pointers_to_DuckDB_stay_in_their_room()
    {
        IEnumerable<string> rooms = Library.GetTypes()
            .SelectMany(t => t.GetMethods(BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly))
            .Where(m => m.GetCustomAttribute<System.Runtime.InteropServices.DllImportAttribute>()?.EntryPoint?.StartsWith("duckdb_", StringComparison.Ordinal) == true)
            .Select(m => RoomOf(m.DeclaringType!))
            .Distinct();
        Assert.That(rooms, Is.EqualTo(new[] { "DuckDb" }));
    }

    [Test]
    public void Public_types_are_few() =>
        Assert.That(Library.GetExportedTypes(), Has.Length.LessThanOrEqualTo(87));

    private static IEnumerable<string> UsersOf(string assembly) =>
        Library.GetTypes().Where(IsOurs)
            .Where(t => TypeUses.Of(t).Any(u => u.Assembly.GetName().Name == assembly))
            .Select(RoomOf)
            .Distinct();

    private static bool IsOurs(Type type) =>
        type.Namespace is { } name && (name == "LambdaCore" || name.StartsWith("LambdaCore.", StringComparison.Ordinal))
        && !type.Name.StartsWith("<>", StringComparison.Ordinal)
        && (type.DeclaringType is not null || type.GetCustomAttribute<CompilerGeneratedAttribute>() is null);

    private static string RoomOf(Type type)
    {
        Type outermost = type;
        while (outermost.DeclaringType is { } declaring)
        {
            outermost = declaring;
        }

        if (outermost.Namespace != "LambdaCore")
        {
            return outermost.Namespace!["LambdaCore.".Length..];
        }

        return RoomOfPublicType.TryGetValue(outermost.Name, out string? room) ? room
            : outermost.IsPublic ? throw new AssertionException($"The public type {outermost.Name} has no room. Add it to {nameof(RoomOfPublicType)}.")
            : Root;
    }
}
