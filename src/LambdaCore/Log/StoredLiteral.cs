using LambdaCore.DuckDb;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>Values as SQL, in the type that their kind is stored as.</summary>
internal static class StoredLiteral
{
    /// <summary>A value.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="text">The value, as <see cref="ValueText"/>.</param>
    public static string Of(ValueKind kind, string text)
    {
        string quoted = Sql.Text(text);
        return kind switch
        {
            ValueKind.Timestamp => $"make_timestamptz({text})",
            ValueKind.Date => $"(DATE '1970-01-01' + ({text}))",
            ValueKind.Binary => $"unhex({quoted})",
            ValueKind.String or ValueKind.Guid => quoted,
            _ => $"CAST({quoted} AS {StoredType.Sql(kind)})",
        };
    }
}
