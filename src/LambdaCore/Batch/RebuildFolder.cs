using System.Globalization;
using System.Text.Json;
using LambdaCore.Storage;

namespace LambdaCore.Batch;

/// <summary>
/// Where a view keeps a rebuild that is under way: the order, and beside each finished part a note of what it is. A part counts from the moment on at which its
/// note is there. All of it can be deleted; then the rebuild begins anew, or is forgotten.
/// </summary>
/// <remarks>One thread at a time.</remarks>
internal sealed class RebuildFolder
{
    /// <summary>Its name within the view's folder.</summary>
    public const string Name = "_rebuild";

    private const string OrderFile = "order.json";
    private const string RunExtension = ".run";
    private const string NoteExtension = ".json";
    private const int ChecksumDigits = 8;

    private readonly IStorage _storage;
    private readonly string _folder;

    /// <summary>Looks at a folder without touching it.</summary>
    /// <param name="storage">The disk.</param>
    /// <param name="viewFolder">The view's folder in the store.</param>
    public RebuildFolder(IStorage storage, string viewFolder)
    {
        _storage = storage;
        _folder = $"{viewFolder}/{Name}";
    }

    /// <summary>The order that was given; null if there is none that can be read.</summary>
    public RebuildOrder? Order() => Read<RebuildOrder>(OrderFile);

    /// <summary>Whether an order was given, even if it cannot be read.</summary>
    public bool HasOrder => _storage.Exists($"{_folder}/{OrderFile}");

    /// <summary>Keeps an order, in the place of all that is there.</summary>
    public void Begin(RebuildOrder order)
    {
        End();
        _storage.CreateFolder(_folder);
        Write(OrderFile, order);
    }

    /// <summary>Forgets the order and deletes its parts.</summary>
    public void End()
    {
        IReadOnlyList<string> files = _storage.List(_folder);
        if (files.Count == 0)
        {
            return;
        }

        // The order first, durably: parts without it mean nothing, but an order that comes back would be carried out again.
        if (files.Contains(OrderFile))
        {
            _storage.Delete($"{_folder}/{OrderFile}");
            _storage.FlushFolder(_folder);
        }

        foreach (string file in files.Where(f => f != OrderFile))
        {
            _storage.Delete($"{_folder}/{file}");
        }
    }

    /// <summary>The finished parts of a rebuild, in the order of the log; what else lies there is deleted.</summary>
    public IReadOnlyList<RebuildPart> Parts(Guid rebuild)
    {
        List<RebuildPart> parts = [];
        IReadOnlyList<string> files = _storage.List(_folder);
        foreach (string note in files.Where(f => f.EndsWith(NoteExtension, StringComparison.Ordinal) && f != OrderFile))
        {
            if (Read<RebuildPart>(note) is { } part && part.Rebuild == rebuild && NoteOf(part) == note && _storage.Exists(PathOf(part)) && _storage.Length(PathOf(part)) == part.Size)
            {
                parts.Add(part);
            }
        }

        HashSet<string> used = [OrderFile, .. parts.Select(NoteOf), .. parts.Select(RunOf)];
        foreach (string file in files.Where(f => !used.Contains(f)))
        {
            _storage.Delete($"{_folder}/{file}");
        }

        return [.. parts.OrderBy(p => p.Start)];
    }

    /// <summary>Keeps a finished part.</summary>
    /// <param name="scratchPath">Its file in the scratch folder, which is gone from there afterwards.</param>
    /// <param name="part">What it is.</param>
    public void Add(string scratchPath, RebuildPart part)
    {
        // An attempt before may have left the file without its note.
        Remove(part);
        _storage.Adopt(scratchPath, PathOf(part));
        Write(NoteOf(part), part);
    }

    /// <summary>Opens a part.</summary>
    /// <param name="part">The part.</param>
    /// <param name="fingerprint">The view.</param>
    /// <exception cref="LambdaCoreException">It is damaged, or something else.</exception>
    public LookupFile Open(RebuildPart part, string fingerprint) => LookupFile.Open(_storage.Map(PathOf(part)), PathOf(part), fingerprint, part.Range);

    /// <summary>Deletes a part.</summary>
    public void Remove(RebuildPart part)
    {
        _storage.Delete($"{_folder}/{NoteOf(part)}");
        _storage.Delete(PathOf(part));
    }

    /// <summary>The name of a part's file in the store.</summary>
    public string PathOf(RebuildPart part) => $"{_folder}/{RunOf(part)}";

    private static string RunOf(RebuildPart part) => NameOf(part) + RunExtension;

    private static string NoteOf(RebuildPart part) => NameOf(part) + NoteExtension;

    private static string NameOf(RebuildPart part) => string.Create(CultureInfo.InvariantCulture, $"{part.Start:D20}-{part.End:D20}-{part.Revision}");

    private void Write<T>(string file, T content)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(content);
        byte[] checksum = [.. Crc32C.Of(json).ToString("x8", CultureInfo.InvariantCulture).Select(c => (byte)c)];
        _storage.PublishNew($"{_folder}/{file}", [.. json, .. checksum]);
    }

    /// <summary>What a file says; null if there is none, or it is damaged.</summary>
    private T? Read<T>(string file)
        where T : class
    {
        string path = $"{_folder}/{file}";
        if (!_storage.Exists(path) || _storage.ReadAll(path) is not { Length: > ChecksumDigits } content)
        {
            return null;
        }

        ReadOnlySpan<byte> json = content.AsSpan(..^ChecksumDigits);
        bool isSound = uint.TryParse(content.AsSpan(^ChecksumDigits..), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint checksum)
            && IsSoundNote(json, checksum);
        try
        {
            return isSound ? JsonSerializer.Deserialize<T>(json) : null;
        }
        catch (JsonException)
        {
            // It is sound, but another file of this folder under a name that is not its own.
            return null;
        }
    }

    // On its own, so that tests can take it away and see that it is missed.
    private static bool IsSoundNote(ReadOnlySpan<byte> json, uint checksum) => checksum == Crc32C.Of(json);
}
