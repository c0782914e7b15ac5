namespace LambdaCore.Views;

/// <summary>Operations on well-formed text that give well-formed text, or null where they cannot. Nothing throws.</summary>
internal static class OrdinalText
{
    /// <summary>Whether a text holds another.</summary>
    public static bool Contains(string text, string part) => text.Contains(part, StringComparison.Ordinal);

    /// <summary>Whether a text begins with another.</summary>
    public static bool StartsWith(string text, string part) => text.StartsWith(part, StringComparison.Ordinal);

    /// <summary>Whether a text ends with another.</summary>
    public static bool EndsWith(string text, string part) => text.EndsWith(part, StringComparison.Ordinal);

    /// <summary>The number of UTF-16 units.</summary>
    public static int Length(string text) => text.Length;

    /// <summary>Lower case, by the invariant culture.</summary>
    public static string ToLower(string text) => text.ToLowerInvariant();

    /// <summary>Upper case, by the invariant culture.</summary>
    public static string ToUpper(string text) => text.ToUpperInvariant();

    /// <summary>Without white space at its ends.</summary>
    public static string Trim(string text) => text.Trim();

    /// <summary>Whether there is nothing but white space.</summary>
    public static bool IsWhiteSpace(string text) => string.IsNullOrWhiteSpace(text);

    /// <summary>The end of a text; null if the start lies outside or inside a surrogate pair.</summary>
    public static string? Substring(string text, int start) =>
        (uint)start <= (uint)text.Length ? Substring(text, start, text.Length - start) : null;

    /// <summary>A part of a text; null if it lies outside or cuts a surrogate pair.</summary>
    public static string? Substring(string text, int start, int length)
    {
        if ((uint)start > (uint)text.Length || (uint)length > (uint)(text.Length - start))
        {
            return null;
        }

        return CutsPair(text, start) || CutsPair(text, start + length) ? null : text.Substring(start, length);
    }

    /// <summary>The text with every occurrence of a part replaced; null if the part is empty.</summary>
    public static string? Replace(string text, string part, string replacement) =>
        part.Length == 0 ? null : text.Replace(part, replacement, StringComparison.Ordinal);

    private static bool CutsPair(string text, int at) => at > 0 && at < text.Length && char.IsSurrogatePair(text[at - 1], text[at]);
}
