using System.Runtime.InteropServices;

namespace LambdaCore.Storage;

/// <summary>The names in one folder of an <see cref="InMemoryStorage"/>: as seen, and as the medium has them.</summary>
/// <remarks>Not thread-safe; the storage locks.</remarks>
internal sealed class InMemoryFolder
{
    private Dictionary<string, InMemoryContent> _durable = [];

    public Dictionary<string, InMemoryContent> Seen { get; private init; } = [];

    /// <summary>Whether its own name is on the medium.</summary>
    public bool IsDurable { get; set; }

    public void AddNew(string path, InMemoryContent content)
    {
        if (!Seen.TryAdd(StoragePath.NameOf(path), content))
        {
            throw new StorageConflictException(path);
        }
    }

    public void Flush() => _durable = new Dictionary<string, InMemoryContent>(Seen);

    public InMemoryFolder AfterPowerCut(PowerCut cut, Func<InMemoryContent, InMemoryContent> survivorOf)
    {
        var left = new InMemoryFolder { IsDurable = true };
        foreach (string name in Seen.Keys.Union(_durable.Keys).Order(StringComparer.Ordinal))
        {
            (InMemoryContent? seen, InMemoryContent? durable) = (Seen.GetValueOrDefault(name), _durable.GetValueOrDefault(name));
            if ((seen == durable || cut.NameIsAsSeen() ? seen : durable) is { } content)
            {
                left.Seen[name] = survivorOf(content);
            }
        }

        left.Flush();
        return left;
    }

    public InMemoryFolder Copy(Func<InMemoryContent, InMemoryContent> copyOf) => new()
    {
        Seen = Seen.ToDictionary(f => f.Key, f => copyOf(f.Value)),
        IsDurable = IsDurable,
        _durable = _durable.ToDictionary(f => f.Key, f => copyOf(f.Value)),
    };

    public ulong Print(string folder)
    {
        ulong sum = HashOf(folder) | (IsDurable ? 1UL : 0);
        foreach ((string name, InMemoryContent content) in Seen)
        {
            bool isDurable = content.IsDurable && _durable.GetValueOrDefault(name) == content;
            ulong one = content.Print ^ (HashOf(name) + (isDurable ? 0UL : 0x9E3779B97F4A7C15) + HashOf(folder));
            sum += (one ^ (one >> 29)) * 0xBF58476D1CE4E5B9;
        }

        return sum;
    }

    private static ulong HashOf(string name) => InMemoryContent.HashOf(MemoryMarshal.AsBytes(name.AsSpan()));
}
