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
    public static string SelectStates(ViewPlan plan, string source, string eventTimeColumn, KeyRestriction? restriction = null)
    {
        StringBuilder sql = new("SELECT\n");
        string time = $"epoch_us({SqlLiteral.Name(eventTimeColumn)})";
        _ = sql.AppendJoin(",\n", OuterColumns(plan)).Append("\nFROM (\n  SELECT\n");
        IEnumerable<string> columns = plan.RowKeys
            .Select(key => $"    {Grouped(plan, key)} AS {SqlLiteral.Name(key.Name)}")
            .Concat(plan.Aggregates.SelectMany(a => StateExpressions(a, time)));
        _ = sql.AppendJoin(",\n", columns).Append("\n  FROM ").Append(
            plan.SessionKey is not null ? SessionSql.Source(plan, source, KeyExpression)
            : plan.HoppingKey is { } hopping ? HoppingSql.Source(plan, hopping, source, eventTimeColumn)
            : source);
        if (plan.Filter is not null && plan.SessionKey is null && plan.HoppingKey is null)
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

    private static string Grouped(ViewPlan plan, KeyColumn key) =>
        plan.SessionKey is not null ? SessionKeyExpression(plan, key)
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
