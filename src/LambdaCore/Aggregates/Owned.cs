namespace LambdaCore.Aggregates;

/// <summary>
/// Values that a state may keep. Arrays are copied: whoever appended one may use it again once the event is acknowledged, and whoever gets
/// one in an answer may change it.
/// </summary>
internal static class Owned
{
    /// <summary>The value itself if nobody can change it, else a copy.</summary>
    public static T Of<T>(T value) =>
        !typeof(T).IsValueType && value is byte[] bytes ? (T)(object)bytes.AsSpan().ToArray() : value;
}
