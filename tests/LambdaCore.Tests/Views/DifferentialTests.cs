using System.Globalization;
using System.Linq.Expressions;
using LambdaCore.Batch;
using LambdaCore.DuckDb;
using LambdaCore.Values;
using LambdaCore.Views;
using NUnit.Framework;

namespace LambdaCore.Tests.Views;

/// <summary>
/// The first law, at its smallest: for every operator of the table, and for nestings of them, the compiled delegate and
/// the SQL give the same value for the same event.
/// </summary>
[TestFixture]
internal sealed class DifferentialTests
{
    private const int ScalarsPerQuery = 50;

    private static readonly EventSchema Schema = EventSchema.Of(typeof(Anything));

    [Test]
    public void Every_operator_means_the_same_in_the_fold_and_in_SQL()
    {
        int seed = Seed();
        NastyValues values = new(seed);
        RandomScalars scalars = new(values, Schema);
        List<Scalar> cases = [.. LogicOperators.PropertyKinds.SelectMany(k => new[] { scalars.Column(k, false), scalars.Column(k, true), scalars.Constant(k, false), scalars.Constant(k, true) })];
        foreach (Operator @operator in OperatorTable.All.Concat(RandomScalars.Windows))
        {
            for (int i = 0; i < 12; i++)
            {
                cases.Add(scalars.Call(@operator, 0));
            }
        }

        Compare(seed, values, cases, 700);
    }

    [Test]
    public void Random_expressions_mean_the_same_in_the_fold_and_in_SQL()
    {
        int seed = Seed();
        NastyValues values = new(seed);
        RandomScalars scalars = new(values, Schema);
        int count = int.Parse(Environment.GetEnvironmentVariable("LAMBDACORE_EXPRESSIONS") ?? "2000", CultureInfo.InvariantCulture);
        for (int done = 0; done < count; done += 1000)
        {
            List<Scalar> cases = [.. Enumerable.Range(0, Math.Min(1000, count - done)).Select(_ => scalars.Any(1 + values.Random.Next(4)))];
            Compare(seed, values, cases, 60);
        }
    }

    private static int Seed() =>
        Environment.GetEnvironmentVariable("LAMBDACORE_SEED") is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : Random.Shared.Next();

    private static void Compare(int seed, NastyValues values, List<Scalar> cases, int eventCount)
    {
        TestContext.Out.WriteLine($"LAMBDACORE_SEED={seed}, {cases.Count} expressions");
        Anything[] events = [.. Enumerable.Range(0, eventCount).Select(_ => values.Event())];
        DirectoryInfo folder = Directory.CreateTempSubdirectory("lambdacore-views-");
        using DuckDbInstance instance = new(new DuckDbOptions { AllowedDirectories = [folder.FullName] });
        using DuckDbConnection connection = instance.Connect();
        ScalarFunctions.Register(connection, RandomScalars.Windows.Select(o => o.Callback).OfType<CallbackFunction>());
        StoredEvents.Create(connection, "stored", events);
        string parquet = Path.Combine(folder.FullName, "events.parquet");
        connection.Execute($"COPY stored TO {Sql.Text(parquet)} (FORMAT parquet, ROW_GROUP_SIZE 2048)");
        connection.Execute($"CREATE VIEW events AS SELECT * FROM read_parquet({Sql.Text(parquet)})");
        List<string> differences = [];
        foreach (Scalar[] chunk in cases.Chunk(ScalarsPerQuery))
        {
            object?[][] fromSql;
            try
            {
                fromSql = Query(connection, chunk, eventCount);
            }
            catch (DuckDbException)
            {
                fromSql = [];
                foreach (Scalar scalar in chunk)
                {
                    try
                    {
                        fromSql = [.. fromSql, .. Query(connection, [scalar], eventCount)];
                    }
                    catch (DuckDbException error)
                    {
                        differences.Add($"{scalar}\n  SQL {ScalarSql.Value(scalar).Text}\n  fails: {error.Message.Split('\n')[0]}");
                        fromSql = [.. fromSql, null!];
                    }
                }
            }

            for (int i = 0; i < chunk.Length; i++)
            {
                if (fromSql[i] is not null)
                {
                    CompareOne(chunk[i], events, fromSql[i], differences);
                    if (chunk[i].Type is { Kind: ValueKind.Boolean, IsNullable: false })
                    {
                        CompareAsFilter(connection, chunk[i], fromSql[i], differences);
                    }
                }
            }

            if (differences.Count > 20)
            {
                break;
            }
        }

        folder.Delete(recursive: true);
        if (differences.Count > 0)
        {
            Assert.Fail($"LAMBDACORE_SEED={seed}\n{string.Join("\n", differences.OrderBy(d => d.Length).Take(5))}");
        }
    }

    private static void CompareOne(Scalar scalar, Anything[] events, object?[] fromSql, List<string> differences)
    {
        Func<Anything, object?> fold = Compile(scalar);
        for (int e = 0; e < events.Length; e++)
        {
            object? expected = Comparable(fold(events[e]));
            if (!Equals(expected, fromSql[e]))
            {
                differences.Add($"{scalar}\n  SQL {ScalarSql.Value(scalar).Text}\n  fold {Show(expected)}, SQL {Show(fromSql[e])}\n  {Used(scalar, events[e])}");
                return;
            }
        }
    }

    private static void CompareAsFilter(DuckDbConnection connection, Scalar condition, object?[] values, List<string> differences)
    {
        HashSet<long> found = [];
        string sql = $"SELECT _position FROM events WHERE {ScalarSql.Condition(condition)}";
        using DuckDbResult result = connection.Query(sql);
        while (result.NextChunk())
        {
            for (int row = 0; row < result.RowCount; row++)
            {
                found.Add(result.Column(0).Int64(row));
            }
        }

        if (!found.SetEquals(Enumerable.Range(0, values.Length).Where(i => values[i] is true).Select(i => (long)i)))
        {
            differences.Add($"{condition}\n  {sql}\n  filters other events than it is true for");
        }
    }

    private static Func<Anything, object?> Compile(Scalar scalar)
    {
        ParameterExpression @event = Expression.Parameter(typeof(Anything));
        ScalarCode code = new(@event);
        code.Share([scalar]);
        Expression value = code.Write(scalar);
        Expression body = Expression.Block(code.Variables, [.. code.Assignments, Expression.Convert(value, typeof(object))]);
        return Expression.Lambda<Func<Anything, object?>>(body, @event).Compile(preferInterpretation: false);
    }

    // Values as the SQL column gives them; there is one NaN and one zero, all other bits count.
    private static object? Comparable(object? value) => value switch
    {
        double v => double.IsNaN(v) ? "NaN" : BitConverter.DoubleToInt64Bits(ValueOrder.Canonical(v)),
        float v => float.IsNaN(v) ? "NaN" : BitConverter.SingleToInt32Bits(ValueOrder.Canonical(v)),
        decimal v => DecimalUnits.FromDecimal(v),
        string v => v,
        Guid v => v.ToString(),
        byte[] v => Convert.ToHexString(v),
        bool v => v,
        ulong v => (Int128)v,
        null => null,
        _ => (Int128)Convert.ToInt64(value, CultureInfo.InvariantCulture),
    };

    private static object?[][] Query(DuckDbConnection connection, Scalar[] scalars, int eventCount)
    {
        string sql = $"SELECT {string.Join(", ", scalars.Select((s, i) => $"{ScalarSql.Value(s).Text} AS c{i}"))} FROM events ORDER BY _position";
        object?[][] values = [.. scalars.Select(_ => new object?[eventCount])];
        using DuckDbResult result = connection.Query(sql);
        int start = 0;
        while (result.NextChunk())
        {
            for (int c = 0; c < scalars.Length; c++)
            {
                VectorReader column = result.Column(c);
                string expected = TypeOf(scalars[c].Type.Kind);

                // DuckDB forgets the type of what it finds to be always NULL.
                bool isEmpty = true;
                for (int row = 0; row < result.RowCount; row++)
                {
                    isEmpty &= column.IsNull(row);
                }

                string actual = isEmpty ? expected : column.Type.ToString();
                Assert.That(actual, Is.EqualTo(expected).IgnoreCase, () => $"{scalars[c]} as {ScalarSql.Value(scalars[c]).Text}");
                for (int row = 0; row < result.RowCount; row++)
                {
                    values[c][start + row] = column.Value(row) switch
                    {
                        Int128 v => v,
                        object v => Comparable(v),
                        null => null,
                    };
                }
            }

            start += result.RowCount;
        }

        return values;
    }

    private static string TypeOf(ValueKind kind) => SqlKind.TypeName(kind) switch
    {
        "DECIMAL(20,0)" => "Decimal(20,0)",
        "DECIMAL(38,9)" => "Decimal(38,9)",
        string other => other,
    };

    private static string Show(object? value) => value switch
    {
        null => "missing",
        long bits => BitConverter.Int64BitsToDouble(bits).ToString("R", CultureInfo.InvariantCulture),
        int bits => BitConverter.Int32BitsToSingle(bits).ToString("R", CultureInfo.InvariantCulture),
        string text => $"\"{text}\"",
        _ => value.ToString()!,
    };

    private static string Used(Scalar scalar, Anything item) => string.Join(", ", Schema.Properties
        .Where(p => scalar.Text.Contains($"\"{p.Name}\"", StringComparison.Ordinal))
        .Select(p => $"{p.Name}={(p.Property.GetValue(item) is { } v ? string.Create(CultureInfo.InvariantCulture, $"{v}") : "null")}"));
}
