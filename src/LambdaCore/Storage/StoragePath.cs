namespace LambdaCore.Storage;

/// <summary>What a path in the store may look like: names separated by '/', none of which can lead out of it.</summary>
internal static class StoragePath
{
    /// <summary>Refuses a path that is not a file's within the store.</summary>
    public static string CheckFile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Check(path);
    }

    /// <summary>Refuses a path that is not a folder's within the store; the empty one is the store's own.</summary>
    public static string CheckFolder(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        return folder.Length == 0 ? folder : Check(folder);
    }

    /// <summary>The folder of a path; empty for the store's own.</summary>
    public static string FolderOf(string path)
    {
        int slash = path.LastIndexOf('/');
        return slash < 0 ? "" : path[..slash];
    }

    /// <summary>The last name of a path.</summary>
    public static string NameOf(string path) => path[(path.LastIndexOf('/') + 1)..];

    private static string Check(string path)
    {
        foreach (Range part in path.AsSpan().Split('/'))
        {
            ReadOnlySpan<char> name = path.AsSpan(part);
            // ':' and '\' would mean a drive, a stream or a separator on Windows; a store can be moved there.
            if (name.Length == 0 || name is "." or ".." || name.ContainsAny('\0', '\\', ':'))
            {
                throw new ArgumentException(
                    $"'{path.Replace('\0', '?')}' is not a path within a store: names separated by '/', none of them empty, '.' or '..', without '\\', ':' and NUL.",
                    nameof(path));
            }
        }

        return path;
    }
}
