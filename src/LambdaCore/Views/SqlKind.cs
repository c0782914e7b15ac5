using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>
/// The SQL type that each kind has inside a query: the stored one, except that times are BIGINT microseconds and dates
/// INTEGER days, which group and compare faster and need no time zone.
/// </summary>
internal static class SqlKind
{
    private const string Epoch = "DATE '1970-01-01'";

    /// <summary>The SQL type inside a query.</summary>
    public static string TypeName(ValueKind kind) => kind switch
    {
        ValueKind.Timestamp => "BIGINT",
        ValueKind.Date => "INTEGER",
        _ => StoredType.Sql(kind),
    };

    /// <summary>A stored column as it is used inside a query.</summary>
    public static SqlText FromStored(ValueKind kind, string column) => SqlText.Atom(kind switch
    {
        ValueKind.Timestamp => $"epoch_us({column})",
        ValueKind.Date => $"CAST({column} - {Epoch} AS INTEGER)",
        _ => column,
    });

    /// <summary>A value inside a query as it is stored, but for the last cast to the stored type.</summary>
    public static string ToStored(ValueKind kind, string value) => kind switch
    {
        ValueKind.Timestamp => $"make_timestamptz({value})",
        ValueKind.Date => ToDate(value),
        _ => value,
    };

    /// <summary>The SQL date of a number of days.</summary>
    public static string ToDate(string days) => $"{Epoch} + {days}";
}
