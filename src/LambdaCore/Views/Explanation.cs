using System.Text;

namespace LambdaCore.Views;

/// <summary>Describes a plan for people.</summary>
internal static class Explanation
{
    /// <summary>The description.</summary>
    public static string Of(ViewPlan plan)
    {
        StringBuilder text = new();
        _ = text.Append("view ").Append(plan.Name).Append(" over ").Append(plan.Events.EventType.Name).Append('\n');
        if (plan.RollUp is { } rollUp)
        {
            _ = text.Append("  rolls up  ").Append(rollUp.Source.Name).Append('\n');
        }

        foreach (KeyColumn key in plan.Keys)
        {
            _ = text.Append("  key       ").Append(key.Name).Append(": ").Append(key.Type)
                .Append(key.Window is { } windows ? $", windows of {windows.Description}" : "")
                .Append(key.SessionGap is { } gap ? $", start of sessions with gaps of {TimeSpan.FromMicroseconds(gap)} (last event in {plan.SessionEnd!.Name})" : "").Append(" = ").Append(ScalarSql.Value(key.Scalar).Text).Append('\n');
        }

        _ = text.Append("  filter    ").Append(plan.Filter is null ? "none" : ScalarSql.Condition(plan.Filter)).Append('\n');
        foreach (PlannedAggregate aggregate in plan.Aggregates)
        {
            _ = text.Append("  aggregate ").Append(aggregate.Function.Name).Append('(').AppendJoin(", ", aggregate.Inputs.Select(i => ScalarSql.Value(i).Text)).Append(')')
                .Append(aggregate.Function.Parameters.Length == 0 ? "" : $" with {aggregate.Function.Parameters}")
                .Append(aggregate.Filter is null ? "" : $" where {ScalarSql.Condition(aggregate.Filter)}")
                .Append(" in ").AppendJoin(", ", aggregate.Columns.Select(c => $"{c.Name}: {c.Column.Type}"))
                .Append(aggregate.Function.Error is { } error ? $", {error}" : "").Append('\n');
        }

        _ = text.Append("  meaning   ").Append(plan.Fingerprint).Append("\n\n");
        return text.Append(SqlCompiler.SelectStates(plan, "events", "event_time")).Append('\n').ToString();
    }
}
