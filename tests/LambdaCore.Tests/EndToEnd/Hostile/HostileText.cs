namespace LambdaCore.Tests.EndToEnd.Hostile;

/// <summary>Texts that something on the way might take for something else: SQL, JSON, paths, formats, shells, code pages.</summary>
internal static class HostileText
{
    /// <summary>The texts, all different.</summary>
    public static readonly string[] All =
    [
        "", " ", "  leading and trailing  ", "\t", "\n", "\r\n", "line\nbreak", "\0", "a\0b", "\0\0", "ends\0", "\u0001\u001f\u007f", "\u0085", "\u2028", "\u2029", "a\u2028b", "\uFEFF", "\uFEFFbom", "bom\uFEFF", "\uFFFE", "\uFFFF", "\uFFFD",
        "'", "''", "'''", "it's", "\"", "\"\"", "`", "\\", "\\'", "\\\"", "\\n", "\\u0000", "\\x00", "'; DROP TABLE events; --", "\"; DROP TABLE events; --", "' OR '1'='1", "'); SELECT * FROM read_text('/etc/passwd'); --", "1; SELECT 1",
        "/* comment", "*/", "-- comment", "$1", "?", ":name", "@p", "$$", "$tag$text$tag$", "${HOME}", "$(id)", "`id`", "%s%n", "{0}", "{{0}}", "{", "}", "[]", "[1,2]", "{\"a\":1}", "{\"add\":{\"path\":\"../x\"}}", "null", "NULL", "true", "NaN", "-0", "Infinity", "1e999",
        "0x1F", "E'\\x41'", "U&'\\0041'", "../../etc/passwd", "..\\..\\x", "/", "C:\\x", "file:///etc/passwd", "http://127.0.0.1/", "a.parquet", "*.parquet", "a?b", "a*b", "[a-z]", "%41", "%2e%2e%2f", "~", "~41", "CON", "nul.txt", "trailing.", "<script>alert(1)</script>",
        "&amp;", "]]>", "é", "e\u0301", "É", "ß", "ss", "ẞ", "İ", "ı", "i\u0307", "K", "\u212A", "Å", "\u212B", "ﬁ", "fi", "ς", "σ", "Σ", "日本語", "\u202Eevil", "\u200B", "\u200D", "\u00A0", "\U0001F600", "👨‍👩‍👧‍👦", "🏳️‍🌈", "\U0010FFFF", "\uE000",
        "x\U0001F600", new('x', 12), new('x', 13), new('x', 127), new('x', 128), new('x', 255), new('x', 256), new('x', 65_535), new('x', 65_536), new('\'', 1000), new('é', 40_000), string.Concat(Enumerable.Repeat("\U0001F600", 20_000)),
    ];

    /// <summary>Texts that have no UTF-8 form.</summary>
    public static readonly string[] Halves = ["\uD800", "\uDC00", "a\uD83D", "\uDE00\uD83D", "\uD83Dx", "😀\uD83D"];
}

/// <summary>An event with a text.</summary>
internal sealed record Word(DateTimeOffset At, string Text, string? Note, byte[] Raw, long Number);

/// <summary>What a view says of a text.</summary>
internal readonly record struct Told(long Count, long Sum, string? Note, string Least, string Most, byte[] Raw);
