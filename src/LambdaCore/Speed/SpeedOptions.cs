using LambdaCore.Storage;

namespace LambdaCore.Speed;

/// <summary>How much memory the speed layer takes, and where it puts what does not fit.</summary>
/// <param name="Storage">The disk.</param>
/// <param name="Folder">A folder for spilled states. Its files are disposable: they are deleted at opening and at disposal.</param>
internal sealed record SpeedOptions(IStorage Storage, string Folder)
{
    /// <summary>
    /// Bytes of memory for states that were moved out of the hash tables, rounded down to a power of two; the rest
    /// of them goes to disk. An index of about an eighth of it comes on top, and both come only when they are needed.
    /// From 64 KiB; 256 MiB by default.
    /// </summary>
    public long MemoryBytes { get; init; } = 256L << 20;

    /// <summary>The number of keys in a view's hash table from which on it is moved out; 131,072 by default.</summary>
    public int FlushKeys { get; init; } = 131_072;

    /// <summary>About how many bytes of encoded keys a view holds at a time while it takes in a group; 16 MiB by default.</summary>
    public int PreparedKeyBytes { get; init; } = 16 << 20;
}
