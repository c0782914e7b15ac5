using System.Text.RegularExpressions;

namespace LambdaCore;

/// <summary>An error that DuckDB reported.</summary>
/// <remarks>
/// The message is DuckDB's own, followed by the beginning of the SQL that caused it. <see cref="ErrorType"/> is the
/// class that DuckDB gave the error ("Binder", "IO", "INTERRUPT", "FATAL", ...).
/// </remarks>
public sealed partial class DuckDbException : LambdaCoreException
{
    private const int ShownSqlLength = 500;

    /// <summary>Creates an error without a message.</summary>
    public DuckDbException()
    {
    }

    /// <summary>Creates an error.</summary>
    /// <param name="message">What DuckDB reported.</param>
    public DuckDbException(string message)
        : this(message, innerException: null)
    {
    }

    /// <summary>Creates an error that was caused by another.</summary>
    /// <param name="message">What DuckDB reported.</param>
    /// <param name="innerException">The cause.</param>
    public DuckDbException(string message, Exception? innerException)
        : base(message, innerException)
    {
        ErrorType = TypeOf(message);
    }

    private DuckDbException(string report, string sql)
        : base($"{report} [while running: {Shorten(sql)}]")
    {
        ErrorType = TypeOf(report);
        Sql = Shorten(sql);
    }

    /// <summary>DuckDB's name for this class of errors, such as "Binder"; "Unknown" when it gave none.</summary>
    public string ErrorType { get; } = "Unknown";

    /// <summary>The first 500 characters of the SQL that failed; null when no SQL was running.</summary>
    public string? Sql { get; }

    /// <summary>Whether the query was stopped by <see cref="DuckDb.DuckDbConnection.Interrupt"/>.</summary>
    internal bool IsInterrupt => ErrorType == "INTERRUPT";

    /// <summary>Whether what was asked for needs more memory, or more room for spilling, than the instance may use.</summary>
    internal bool IsOutOfMemory => ErrorType == "Out of Memory";

    /// <summary>Whether the instance refuses all work from now on and must be made anew.</summary>
    internal bool InvalidatesInstance => ErrorType == "FATAL";

    /// <summary>The one place where a report of DuckDB's becomes an exception.</summary>
    internal static DuckDbException From(string? report, string? sql)
    {
        report = string.IsNullOrEmpty(report) ? "DuckDB failed and gave no reason." : report;
        return sql is null ? new DuckDbException(report) : new DuckDbException(report, sql);
    }

    private static string Shorten(string sql) => sql.Length <= ShownSqlLength ? sql : sql[..ShownSqlLength] + "…";

    private static string TypeOf(string report)
    {
        Match match = LeadingType().Match(report);
        return match.Success ? match.Groups[1].Value : "Unknown";
    }

    [GeneratedRegex(@"^([A-Za-z ]{2,30}) Error: ", RegexOptions.CultureInvariant)]
    private static partial Regex LeadingType();
}
