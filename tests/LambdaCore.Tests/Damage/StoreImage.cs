using LambdaCore.Storage;

namespace LambdaCore.Tests.Damage;

/// <summary>The files of a store that nobody has open: what can be damaged. Zeros that were only reserved take no room.</summary>
internal sealed class StoreImage
{
    private readonly SortedDictionary<string, (byte[] Content, long Length)> _files = new(StringComparer.Ordinal);
    private readonly List<string> _folders = [];

    /// <summary>The names of the files.</summary>
    public IEnumerable<string> Paths => _files.Keys;

    /// <summary>The bytes of a file, without those that were only reserved.</summary>
    public byte[] this[string path] => _files[path].Content;

    /// <summary>What readers of a disk see now.</summary>
    public static StoreImage Of(IStorage disk)
    {
        StoreImage image = new();
        image.Take(disk, "");
        return image;
    }

    /// <summary>The same files; a change of one is not seen by the other.</summary>
    public StoreImage Copy()
    {
        StoreImage copy = new();
        copy._folders.AddRange(_folders);
        foreach ((string path, (byte[] Content, long Length) file) in _files)
        {
            copy._files[path] = ((byte[])file.Content.Clone(), file.Length);
        }

        return copy;
    }

    /// <summary>Turns bits of one byte.</summary>
    public void Flip(string path, long offset, byte bits)
    {
        byte[] content = _files[path].Content;
        if (offset >= content.Length)
        {
            Array.Resize(ref content, (int)offset + 1);
            _files[path] = (content, _files[path].Length);
        }

        content[offset] ^= bits;
    }

    /// <summary>Puts other content in the place of a file's.</summary>
    public void Replace(string path, byte[] content) => _files[path] = (content, content.Length);

    /// <summary>Cuts a file.</summary>
    public void Truncate(string path, int length) => _files[path] = (_files[path].Content[..Math.Min(length, _files[path].Content.Length)], length);

    /// <summary>Writes behind the end of a file.</summary>
    public void Extend(string path, byte[] garbage)
    {
        byte[] content = _files[path].Content;
        long length = _files[path].Length;
        Array.Resize(ref content, (int)length);
        _files[path] = ([.. content, .. garbage], length + garbage.Length);
    }

    /// <summary>Overwrites a stretch with zeros.</summary>
    public void Zero(string path, int offset, int count) => _files[path].Content.AsSpan(offset, Math.Min(count, _files[path].Content.Length - offset)).Clear();

    /// <summary>Deletes a file.</summary>
    public void Remove(string path) => _files.Remove(path);

    /// <summary>Exchanges the contents of two files.</summary>
    public void Swap(string path, string other) => (_files[path], _files[other]) = (_files[other], _files[path]);

    /// <summary>A disk with these files, durably.</summary>
    public InMemoryStorage ToDisk()
    {
        InMemoryStorage disk = new();
        _folders.ForEach(disk.CreateFolder);
        foreach ((string path, (byte[] content, long length)) in _files)
        {
            using IStorageFile file = disk.Create(path, length);
            file.Write(0, content);
            file.Flush();
        }

        foreach (string folder in _folders.Prepend(""))
        {
            disk.FlushFolder(folder);
        }

        return disk;
    }

    /// <summary>The files that differ from those of another image, or that only one of them has.</summary>
    public IEnumerable<string> DifferencesTo(StoreImage other) => Paths.Union(other.Paths).Where(p =>
        !_files.TryGetValue(p, out (byte[] Content, long Length) mine)
        || !other._files.TryGetValue(p, out (byte[] Content, long Length) theirs)
        || mine.Length != theirs.Length || !mine.Content.AsSpan().TrimEnd((byte)0).SequenceEqual(theirs.Content.AsSpan().TrimEnd((byte)0)));

    private void Take(IStorage disk, string folder)
    {
        string prefix = folder.Length == 0 ? "" : $"{folder}/";
        foreach (string path in disk.List(folder).Select(f => prefix + f))
        {
            using IStorageFile file = disk.Open(path, FileAccess.Read);
            byte[] content = new byte[Math.Min(file.Length, 1 << 20)];
            int read = file.Read(0, content);
            _files[path] = (content[..(content.AsSpan(0, read).LastIndexOfAnyExcept((byte)0) + 1)], file.Length);
            if (!path.StartsWith("wal/", StringComparison.Ordinal) && !path.StartsWith("speed/", StringComparison.Ordinal))
            {
                _files[path] = (content[..read], file.Length);
            }
        }

        foreach (string child in disk.ListFolders(folder))
        {
            _folders.Add(prefix + child);
            Take(disk, prefix + child);
        }
    }
}
