using System.Text.RegularExpressions;

namespace LambdaCore.Tests.Damage;

/// <summary>What a file of a store is for, told by its name.</summary>
internal static partial class FileKind
{
    /// <summary>The kind of a file.</summary>
    public static string Of(string path) => path switch
    {
        "LOCK" => "lock",
        _ when path.StartsWith("wal/", StringComparison.Ordinal) => "write-ahead file",
        _ when Head().IsMatch(path) => "head",
        _ when path.StartsWith("log/_delta_log/", StringComparison.Ordinal) => "commit of the log",
        _ when path.StartsWith("log/", StringComparison.Ordinal) => "segment",
        _ when path.StartsWith("deadletters/_delta_log/", StringComparison.Ordinal) => "commit of dead letters",
        _ when path.StartsWith("deadletters/", StringComparison.Ordinal) => "dead letters",
        _ when path.Contains("/_delta_log/", StringComparison.Ordinal) => "commit of a view",
        _ when path.Contains("/_lookup/", StringComparison.Ordinal) => IsArchive(path) ? "archive lookup file" : "lookup file",
        _ when path.Contains("/_rebuild/", StringComparison.Ordinal) => path.EndsWith(".run", StringComparison.Ordinal) ? "rebuild part" : "rebuild note",
        _ when path.StartsWith("views/", StringComparison.Ordinal) => "Parquet of a view",
        _ when path.StartsWith("speed/", StringComparison.Ordinal) => "speed",
        _ => "scratch",
    };

    /// <summary>Whether a file's damage costs acknowledged events, dead letters, or states of events that have gone: it is refused, and salvaged.</summary>
    public static bool IsTruth(string kind) => kind is "write-ahead file" or "commit of the log" or "segment" or "commit of dead letters" or "dead letters";

    /// <summary>Where a byte of a file lies; flips go to each place of each file.</summary>
    public static IReadOnlyList<(string Name, int Start, int End)> PlacesOf(string kind, byte[] content) => kind switch
    {
        "write-ahead file" => [("header", 0, 64), ("frame header", 64, 112), ("payload", 112, content.Length), ("zeros", content.Length, content.Length + 4096)],
        "segment" or "dead letters" or "Parquet of a view" => [("magic", 0, 4), ("data", 4, content.Length - 600), ("footer", content.Length - 600, content.Length - 8), ("end", content.Length - 8, content.Length)],
        "lookup file" or "archive lookup file" or "rebuild part" => [("rows", 0, content.Length / 2), ("slots and index", content.Length / 2, content.Length - 124), ("footer", content.Length - 124, content.Length)],
        "head" or "lock" => content.Length == 0 ? [] : [("content", 0, content.Length)],
        _ => [("start", 0, Math.Min(200, content.Length)), ("rest", Math.Min(200, content.Length - 1), content.Length)],
    };

    private static bool IsArchive(string path) => path.Contains("/_lookup/00000000000000000000-", StringComparison.Ordinal);

    [GeneratedRegex("^(log|deadletters)/_head/")]
    private static partial Regex Head();
}
