using System.Linq.Expressions;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>Conditions, choices, and what asks whether a value is there. Conditions are never missing.</summary>
internal static class LogicOperators
{
    /// <summary>The kinds that a property may have.</summary>
    public static readonly IReadOnlyList<ValueKind> PropertyKinds =
        [.. Enum.GetValues<ValueKind>().Where(k => k is not (ValueKind.Int128 or ValueKind.Sketch))];

    /// <summary>The operators of this chapter.</summary>
    public static IEnumerable<Operator> All =>
    [
        new("And", [ValueKind.Boolean, ValueKind.Boolean], ValueKind.Boolean)
        {
            Evaluate = a => Expression.AndAlso(a[0], a[1]),
            Sql = a => SqlText.Infix($"{a[0]} AND {a[1]}"),
        },
        new("Or", [ValueKind.Boolean, ValueKind.Boolean], ValueKind.Boolean)
        {
            Evaluate = a => Expression.OrElse(a[0], a[1]),
            Sql = a => SqlText.Infix($"{a[0]} OR {a[1]}"),
        },
        new("Not", [ValueKind.Boolean], ValueKind.Boolean)
        {
            Evaluate = a => Expression.Not(a[0]),
            Sql = a => SqlText.Infix($"NOT {a[0]}"),
        },
        .. PropertyKinds.Select(IsMissing),
        .. PropertyKinds.Select(Coalesce),
        .. PropertyKinds.Select(Choose),
    ];

    private static Operator IsMissing(ValueKind kind) => new("IsMissing", [kind], ValueKind.Boolean)
    {
        Missing = MissingRule.Own,
        Evaluate = a => Presence.IsMissing(a[0]),
        Sql = a => SqlText.Infix($"{a[0]} IS NULL"),
    };

    private static Operator Coalesce(ValueKind kind) => new("Coalesce", [kind, kind], kind)
    {
        Missing = MissingRule.Own,
        IsNullable = a => a[0].Type.IsNullable && a[1].Type.IsNullable,
        Evaluate = a => Presence.IsOptional(a[0].Type) ? Expression.Coalesce(a[0], a[1]) : a[0],
        Sql = a => SqlText.Atom($"coalesce({a[0].Text}, {a[1].Text})"),
        Range = r => r[0].Join(r[1]),
    };

    private static Operator Choose(ValueKind kind) => new("Choose", [ValueKind.Boolean, kind, kind], kind)
    {
        Missing = MissingRule.Own,
        IsNullable = a => a[1].Type.IsNullable || a[2].Type.IsNullable,
        Evaluate = a => Presence.Unify(a[1], a[2], (yes, no) => Expression.Condition(a[0], yes, no)),
        Sql = a => SqlText.Atom($"CASE WHEN {a[0].Text} THEN {a[1].Text} ELSE {a[2].Text} END"),
        Range = r => r[^2].Join(r[^1]),
    };
}
