using System.Text;

namespace LambdaCore.Values;

/// <summary>UTF-8 that refuses text which has no such form, instead of putting another character in the place of half a one.</summary>
internal static class StrictUtf8
{
    public static UTF8Encoding Encoding { get; } = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The bytes of a name that a user gave.</summary>
    /// <param name="name">The name.</param>
    /// <param name="whose">What has the name, as an error begins: "A view".</param>
    /// <exception cref="ArgumentException">It is empty, or not well-formed Unicode.</exception>
    public static byte[] BytesOfName(string name, string whose)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        try
        {
            return Encoding.GetBytes(name);
        }
        catch (EncoderFallbackException exception)
        {
            throw new ArgumentException($"{whose}'s name has a surrogate without its partner, so it is no well-formed text. Choose another name.", nameof(name), exception);
        }
    }
}
