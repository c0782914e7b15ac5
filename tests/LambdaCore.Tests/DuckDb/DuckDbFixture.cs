using LambdaCore.DuckDb;
using NUnit.Framework;

namespace LambdaCore.Tests.DuckDb;

/// <summary>A fresh hardened instance, one connection, and one allowed folder per test; a seed that is printed.</summary>
[Parallelizable(ParallelScope.None)]
internal abstract class DuckDbFixture
{
    protected DuckDbInstance Instance { get; private set; } = null!;

    protected DuckDbConnection Connection { get; private set; } = null!;

    protected string Folder { get; private set; } = null!;

    protected int Seed { get; private set; }

    [SetUp]
    public void Open()
    {
        Seed = int.TryParse(Environment.GetEnvironmentVariable("LAMBDACORE_SEED"), out int seed) ? seed : Random.Shared.Next();
        TestContext.Out.WriteLine($"seed {Seed}");
        Folder = Directory.CreateTempSubdirectory("lambdacore-duckdb-").FullName;
        Directory.CreateDirectory(Path.Combine(Folder, "store"));
        Instance = new DuckDbInstance(Options);
        Connection = Instance.Connect();
    }

    [TearDown]
    public void Close()
    {
        Connection.Dispose();
        Instance.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    protected virtual DuckDbOptions Options => new() { AllowedDirectories = [Path.Combine(Folder, "store")], Threads = 2 };

    protected string InStore(string name) => Path.Combine(Folder, "store", name);

    /// <summary>All rows as objects, see <see cref="VectorReader.Value"/>.</summary>
    protected List<object?[]> Rows(string sql, params ReadOnlySpan<object?> parameters)
    {
        List<object?[]> rows = [];
        using DuckDbResult result = Connection.Query(sql, parameters);
        while (result.NextChunk())
        {
            for (int row = 0; row < result.RowCount; row++)
            {
                object?[] values = new object?[result.ColumnCount];
                for (int column = 0; column < values.Length; column++)
                {
                    values[column] = result.Column(column).Value(row);
                }

                rows.Add(values);
            }
        }

        return rows;
    }
}
