using System.Diagnostics.CodeAnalysis;

namespace LambdaCore.Values;

/// <summary>
/// Equality of values of one representation, the same that <see cref="ValueOrder"/> and <see cref="ValueCodec"/> know: NaN equals NaN, zero
/// negative zero, decimals of any number of trailing zeros each other, and binary goes by content.
/// </summary>
/// <typeparam name="T">The values' representation.</typeparam>
internal static class ValueEquality<T>
    where T : notnull
{
    /// <summary>The comparer; null where the type's own is the right one, which collections call without indirection.</summary>
    public static readonly IEqualityComparer<T>? Comparer = typeof(T) == typeof(byte[]) ? (IEqualityComparer<T>)(object)new ByContent() : null;

    private sealed class ByContent : IEqualityComparer<byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode([DisallowNull] byte[] obj) => (int)ValueHash.Of(obj);
    }
}
