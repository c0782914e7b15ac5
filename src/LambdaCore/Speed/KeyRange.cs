namespace LambdaCore.Speed;

/// <summary>
/// A range of encoded keys: from <see cref="Low"/> up to, and without, <see cref="High"/>, compared byte by byte. The
/// default value is the range of all keys.
/// </summary>
/// <param name="Low">The lowest key in the range; null for no bound.</param>
/// <param name="High">The first key after the range; null for no bound.</param>
internal readonly record struct KeyRange(byte[]? Low, byte[]? High)
{
    /// <summary>The range of all keys.</summary>
    public static KeyRange All => default;

    /// <summary>The range without any key.</summary>
    public static KeyRange None => new([], []);

    /// <summary>The range of the keys that start with some bytes.</summary>
    public static KeyRange StartingWith(ReadOnlySpan<byte> prefix)
    {
        // The first key after them is the prefix with its last byte raised; bytes that cannot be raised fall off.
        int length = prefix.TrimEnd((byte)0xFF).Length;
        byte[]? high = length == 0 ? null : prefix[..length].ToArray();
        if (high is not null)
        {
            high[length - 1]++;
        }

        return new KeyRange(prefix.ToArray(), high);
    }

    /// <summary>Whether a key lies in the range.</summary>
    public bool Contains(ReadOnlySpan<byte> key) =>
        (Low is null || key.SequenceCompareTo(Low) >= 0) && (High is null || key.SequenceCompareTo(High) < 0);
}
