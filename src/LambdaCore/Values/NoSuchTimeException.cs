namespace LambdaCore.Values;

/// <summary>A time or date lies outside of those that .NET has. No event has such a one, so where it was read from a file, that is damaged.</summary>
/// <param name="message">Which.</param>
internal sealed class NoSuchTimeException(string message) : ArgumentOutOfRangeException(null, message);
