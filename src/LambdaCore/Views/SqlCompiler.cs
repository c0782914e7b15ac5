using System.Text;
using LambdaCore.Aggregates;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>Writes the SQL that computes a view's states from stored events.</summary>
internal static class SqlCompiler
{
    /// <summary>
    /// A query that gives the key columns, the last time of a session if there is one, and the state columns, in the types of
    /// <see cref="StoredType"/>, one row per key, ordered by key as <see cref="KeyWriter"/> orders keys; but sessions come after the key's other columns.
    /// </summary>
    /// <param name="plan">The view.</param>
    /// <param name="source">What stands behind FROM: a table, or a query in parentheses, with the events' columns and <c>_position</c>.</param>
    /// <param name="eventTimeColumn">The name of the column of event time.</param>
    /// <param name="restriction">What is wanted of the keys, if the source gives only events that may count for them; null for all.</param>
    /// <param name="only">The keys to compute, exactly; null for all.</param>
    public static string SelectStates(ViewPlan plan, string source, string eventTimeColumn, KeyRestriction? restriction = null, KeyTable? only = null)
    {
        StringBuilder sql = new("SELECT\n");
        string time = $"epoch_us({SqlLiteral.Name(eventTimeColumn)})";
        _ = sql.AppendJoin(",\n", OuterColumns(plan)).Append("\nFROM (\n  SELECT\n");
        IEnumerable<string> columns = plan.RowKeys
            .Select(key => $"    {Grouped(plan, key, only)} AS {SqlLiteral.Name(key.Name)}")
            .Concat(plan.Aggregates.SelectMany(a => StateExpressions(a, time)));
        _ = sql.AppendJoin(",\n", columns).Append("\n  FROM ").Append(
            plan.SessionKey is not null ? SessionSql.Source(plan, source, KeyExpression, only)
            : only is not null ? Restricted(plan, source, eventTimeColumn, only)
            : plan.HoppingKey is { } hopping ? HoppingSql.Source(plan, hopping, source, eventTimeColumn)
            : source);
        if (plan.Filter is not null && plan.SessionKey is null && plan.HoppingKey is null && only is null)
        {
            _ = sql.Append("\n  WHERE ").Append(ScalarSql.Condition(plan.Filter));
        }
        else if (plan.HoppingKey is not null && restriction?.OnStarts(plan, HoppingSql.Start) is { } wanted)
        {
            _ = sql.Append("\n  WHERE ").Append(wanted);
        }

        string positions = string.Join(", ", Enumerable.Range(1, plan.Keys.Count));
        return sql.Append("\n  GROUP BY ").Append(positions).Append("\n) AS groups")
            .Append("\nORDER BY ").AppendJoin(", ", plan.Keys.OrderBy(k => k == plan.SessionKey).Select(k => $"groups.{SqlLiteral.Name(k.Name)} NULLS FIRST"))
            .ToString();
    }

    /// <summary>
    /// A query that gives the keys by which the states of events are kept, each once: a column of <see cref="KeyTable.Column"/> for each of the plan's
    /// <see cref="ViewPlan.StateKeys"/>, in the types of <see cref="SqlKind"/>; where there are none, one row if any event counts.
    /// </summary>
    /// <param name="plan">The view.</param>
    /// <param name="source">What stands behind FROM.</param>
    /// <param name="eventTimeColumn">The name of the column of event time.</param>
    public static string SelectKeys(ViewPlan plan, string source, string eventTimeColumn)
    {
        string columns = plan.StateKeys.Count == 0
            ? $"TRUE AS {KeyTable.Column(0)}"
            : string.Join(", ", plan.StateKeys.Select((k, i) => $"{StateKey(plan, k)} AS {KeyTable.Column(i)}"));
        return $"SELECT DISTINCT {columns} FROM {Counted(plan, source, eventTimeColumn)}";
    }

    /// <summary>A query that gives the keys that <see cref="SelectKeys"/> gave, in the types of <see cref="StoredType"/> and in the order of <see cref="SelectStates"/>.</summary>
    /// <param name="plan">The view.</param>
    /// <param name="keys">What stands behind FROM for the keys.</param>
    public static string SelectStoredKeys(ViewPlan plan, string keys)
    {
        IEnumerable<string> columns = plan.StateKeys.Select((k, i) => $"CAST({SqlKind.ToStored(k.Type.Kind, KeyTable.Column(i))} AS {StoredType.Sql(k.Type.Kind)})");
        IEnumerable<string> order = plan.StateKeys.Select((_, i) => $"{KeyTable.Column(i)} NULLS FIRST");
        return plan.StateKeys.Count == 0
            ? $"SELECT * FROM {keys}"
            : $"SELECT {string.Join(", ", columns)} FROM {keys} ORDER BY {string.Join(", ", order)}";
    }

    /// <summary>
    /// What to select from, in parentheses: the events that count for some keys, with the key beside their own columns. It is computed once, and as a column: what
    /// DuckDB has to try may fail in a comparison.
    /// </summary>
    private static string Restricted(ViewPlan plan, string source, string eventTimeColumn, KeyTable only)
    {
        string keys = string.Concat(plan.StateKeys.Select(k => $", {StateKey(plan, k)} AS {SessionSql.Column(k)}"));
        return only.Restrict($"(SELECT *{keys} FROM {Counted(plan, source, eventTimeColumn)})", plan.StateKeys, SessionSql.Column);
    }

    /// <summary>The events that count, once for each key: what stands behind FROM, and a filter if there is one.</summary>
    private static string Counted(ViewPlan plan, string source, string eventTimeColumn) =>
        plan.HoppingKey is { } hopping ? HoppingSql.Source(plan, hopping, source, eventTimeColumn)
        : plan.Filter is null ? source
        : $"{source} WHERE {ScalarSql.Condition(plan.Filter)}";

    private static string StateKey(ViewPlan plan, KeyColumn key) => key == plan.HoppingKey ? HoppingSql.Start : KeyExpression(key);

    private static string Grouped(ViewPlan plan, KeyColumn key, KeyTable? only) =>
        plan.SessionKey is not null ? SessionKeyExpression(plan, key)
        : only is not null ? SessionSql.Column(key)
        : key == plan.HoppingKey ? HoppingSql.Start
        : KeyExpression(key);

    private static IEnumerable<string> OuterColumns(ViewPlan plan) =>
        plan.RowKeys.Select(k => Outer(k.Type.Kind, k.Name))
            .Concat(plan.StateColumns.Select(c => Outer(c.Column.Type.Kind, c.Name)));

    private static string Outer(ValueKind kind, string name)
    {
        string quoted = SqlLiteral.Name(name);
        return $"  CAST({SqlKind.ToStored(kind, quoted)} AS {StoredType.Sql(kind)}) AS {quoted}";
    }

    private static string SessionKeyExpression(ViewPlan plan, KeyColumn key) =>
        key == plan.SessionKey ? SessionSql.Start : key == plan.SessionEnd ? SessionSql.Last : SessionSql.Column(key);

    // Zero and negative zero group together, but either may be the one shown; adding zero makes it the positive one.
    private static string KeyExpression(KeyColumn key)
    {
        SqlText value = ScalarSql.Value(key.Scalar);
        return key.Type.Kind is ValueKind.Float32 or ValueKind.Float64
            ? $"{value} + CAST(0 AS {SqlKind.TypeName(key.Type.Kind)})"
            : value.Text;
    }

    private static IEnumerable<string> StateExpressions(PlannedAggregate aggregate, string time)
    {
        string[] inputs = [.. aggregate.Inputs.Select(i => ScalarSql.Value(i).Text)];
        string predicate = aggregate.Filter is null ? "" : ScalarSql.Condition(aggregate.Filter);
        StateOperands operands = new(inputs, predicate, time, SqlLiteral.Name(EventSchema.PositionColumn));
        return aggregate.Columns.Select(c => $"    {c.Column.Sql(in operands)} AS {SqlLiteral.Name(c.Name)}");
    }
}
