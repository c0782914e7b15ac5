using System.Buffers;
using System.Collections.Immutable;

namespace LambdaCore.Tables;

/// <summary>One data file of a Delta table, as its transaction log knows it.</summary>
/// <remarks>Immutable. The facts are checked when the file is made, so a bad one never reaches a commit.</remarks>
internal sealed class DeltaFile
{
    /// <summary>The tag that holds <see cref="Sha256"/>.</summary>
    public const string Sha256Tag = "sha256";

    private static readonly SearchValues<char> LowerCaseDigits = SearchValues.Create("0123456789abcdef");

    /// <summary>Describes a file.</summary>
    /// <param name="path">The name relative to the table's folder: parts separated by '/', none of which begins with
    /// '_' or '.', since readers take such for hidden.</param>
    /// <param name="size">The length in bytes.</param>
    /// <param name="sha256">The hash of the content: 64 lower-case hexadecimal digits.</param>
    /// <param name="modificationTime">When it was made; kept to the millisecond.</param>
    /// <param name="stats">Its statistics as JSON (<see cref="DeltaStats"/>), or null.</param>
    /// <param name="tags">Further facts; their names are the caller's.</param>
    public DeltaFile(
        string path, long size, string sha256, DateTimeOffset modificationTime, string? stats = null, IEnumerable<KeyValuePair<string, string>>? tags = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        bool isEncodable = DeltaPath.TryDecode(DeltaPath.Encode(path), out string decoded) && decoded == path;
        foreach (string part in path.Split('/'))
        {
            if (!isEncodable || part.Length == 0 || part[0] is '_' or '.' || part.Contains('\\', StringComparison.Ordinal))
            {
                throw new ArgumentException(
                    $"'{path}' cannot be the path of a data file: it must be relative and well-formed Unicode, its parts separated by '/' and none of them empty or beginning with '_' or '.'.",
                    nameof(path));
            }
        }

        if (sha256.Length != 64 || sha256.AsSpan().ContainsAnyExcept(LowerCaseDigits))
        {
            throw new ArgumentException($"'{sha256}', the SHA-256 of '{path}', is not 64 lower-case hexadecimal digits.", nameof(sha256));
        }

        Path = path;
        Size = size;
        Sha256 = sha256;
        ModificationTime = DateTimeOffset.FromUnixTimeMilliseconds(modificationTime.ToUnixTimeMilliseconds());
        Stats = stats;
        Tags = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, tags ?? []);
        if (Tags.ContainsKey(Sha256Tag))
        {
            throw new ArgumentException($"The tag '{Sha256Tag}' of '{path}' is given by the file's hash.", nameof(tags));
        }
    }

    /// <summary>The same content under another name.</summary>
    public DeltaFile As(string path) => new(path, Size, Sha256, ModificationTime, Stats, Tags);

    /// <summary>The name relative to the table's folder, not URL-encoded.</summary>
    public string Path { get; }

    /// <summary>The length in bytes.</summary>
    public long Size { get; }

    /// <summary>The hash of the content in lower-case hexadecimal digits.</summary>
    public string Sha256 { get; }

    /// <summary>When the file was made, to the millisecond.</summary>
    public DateTimeOffset ModificationTime { get; }

    /// <summary>Statistics as JSON (PROTOCOL.md, "Per-file Statistics"), or null.</summary>
    public string? Stats { get; }

    /// <summary>Further facts, without the hash.</summary>
    public ImmutableSortedDictionary<string, string> Tags { get; }
}
