using System.Globalization;
using System.Text;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>Constants and names as SQL text, safe for any content.</summary>
internal static class SqlLiteral
{
    /// <summary>A quoted name.</summary>
    public static string Name(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>A constant of exactly the SQL type that the kind has inside a query (<see cref="SqlKind"/>).</summary>
    public static string Of(ValueKind kind, object? value) => value is null
        ? $"CAST(NULL AS {SqlKind.TypeName(kind)})"
        : kind switch
        {
            ValueKind.Int32 when (int)value != int.MinValue => Bare(kind, value),
            ValueKind.Date => Bare(kind, value),
            ValueKind.Float64 when double.IsFinite((double)value) => Bare(kind, value),
            ValueKind.Boolean or ValueKind.String or ValueKind.Guid => Bare(kind, value),
            ValueKind.Float32 or ValueKind.Float64 => $"CAST('{Number(value)}' AS {SqlKind.TypeName(kind)})",
            ValueKind.Binary => $"'{string.Concat(((byte[])value).Select(b => $"\\x{b:X2}"))}'::BLOB",
            ValueKind.Int64 or ValueKind.Timestamp or ValueKind.Duration when (long)value is > int.MaxValue or < int.MinValue and > long.MinValue => Bare(kind, value),
            _ => $"CAST({Number(value)} AS {SqlKind.TypeName(kind)})",
        };

    /// <summary>A constant whose SQL type is settled by the operand next to it.</summary>
    public static string Bare(ValueKind kind, object value) => kind switch
    {
        ValueKind.Boolean => (bool)value ? "TRUE" : "FALSE",
        ValueKind.String => Text((string)value),
        ValueKind.Guid => $"'{(Guid)value:D}'",
        ValueKind.Float64 when double.IsFinite((double)value) => Exponential(Number(value)),
        ValueKind.Float32 or ValueKind.Float64 or ValueKind.Binary => Of(kind, value),
        ValueKind.Int64 or ValueKind.Duration when (long)value == long.MinValue => Of(kind, value),
        ValueKind.Int32 when (int)value == int.MinValue => Of(kind, value),
        _ => Number(value),
    };

    private static string Number(object value) => ((IFormattable)value).ToString(null, CultureInfo.InvariantCulture) switch
    {
        "Infinity" => "inf",
        "-Infinity" => "-inf",
        "NaN" => "nan",
        string text => text,
    };

    // Without an exponent SQL would read a decimal.
    private static string Exponential(string number) => number.Contains('E', StringComparison.Ordinal) ? number : $"{number}e0";

    // SQL text ends at a NUL, so that character is put in by a function.
    private static string Text(string value)
    {
        if (!value.Contains('\0', StringComparison.Ordinal))
        {
            return Quote(value);
        }

        StringBuilder sql = new("(");
        _ = sql.AppendJoin(" || chr(0) || ", value.Split('\0').Select(Quote));
        return sql.Append(')').ToString();
    }

    private static string Quote(string value) => $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";
}
