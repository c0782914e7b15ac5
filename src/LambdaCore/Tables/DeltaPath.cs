namespace LambdaCore.Tables;

/// <summary>The URL-encoded form in which the transaction log writes a file's path (PROTOCOL.md, "Add File and Remove
/// File": a URI by RFC 2396). Everything but letters, digits, '-', '.', '_', '~' and the '/' between parts is
/// percent-encoded as UTF-8.</summary>
internal static class DeltaPath
{
    /// <summary>The encoded form of a relative path.</summary>
    public static string Encode(string path) => string.Join('/', path.Split('/').Select(Uri.EscapeDataString));

    /// <summary>The path of an encoded form that <see cref="Encode"/> made.</summary>
    /// <returns>False if it did not make it.</returns>
    public static bool TryDecode(string encoded, out string path)
    {
        path = Uri.UnescapeDataString(encoded);
        // Decoding forgives what encoding never produces; one file must not have two names.
        return !path.Contains('\uFFFD', StringComparison.Ordinal) && Encode(path) == encoded;
    }
}
