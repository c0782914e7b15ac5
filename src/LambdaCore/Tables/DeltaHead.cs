using System.Globalization;
using LambdaCore.Storage;

namespace LambdaCore.Tables;

/// <summary>
/// The number of a table's newest version, kept as the name of an empty file beside its transaction log. The log itself shows when a version is missing
/// between others; this shows when the last ones are, or all.
/// </summary>
/// <remarks>It is written after the version that it names is durable, so it may be behind the log after a crash, but never before it. Readers from outside pass over
/// its folder, since its name begins with '_'.</remarks>
internal static class DeltaHead
{
    private const string FolderName = "_head";
    private const int Digits = 20;

    /// <summary>The newest version that a table is known to have had; null if that was never written down.</summary>
    /// <param name="storage">Where.</param>
    /// <param name="tableFolder">The table's folder.</param>
    public static long? Read(IStorage storage, string tableFolder)
    {
        long? newest = null;
        foreach (string name in storage.List($"{tableFolder}/{FolderName}"))
        {
            if (name.Length == Digits && long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out long version))
            {
                newest = Math.Max(newest ?? 0, version);
            }
        }

        return newest;
    }

    /// <summary>Writes down which version is the newest; it is durable.</summary>
    public static void Write(IStorage storage, string tableFolder, long version)
    {
        string folder = $"{tableFolder}/{FolderName}";
        string name = version.ToString("D20", CultureInfo.InvariantCulture);
        IReadOnlyList<string> before = storage.List(folder);
        if (!before.Contains(name))
        {
            storage.CreateFolder(folder);
            storage.PublishNew($"{folder}/{name}", []);
        }

        foreach (string older in before.Where(f => f != name))
        {
            storage.Delete($"{folder}/{older}");
        }
    }

    /// <summary>Refuses a table whose newest versions are gone.</summary>
    /// <param name="storage">Where.</param>
    /// <param name="tableFolder">The table's folder.</param>
    /// <param name="newest">The newest version that its log has; null if it has none.</param>
    /// <exception cref="TableCorruptException">It had a later one.</exception>
    public static void Check(IStorage storage, string tableFolder, long? newest)
    {
        if (Read(storage, tableFolder) is { } head && head > (newest ?? -1))
        {
            long first = (newest ?? -1) + 1;
            throw TableCorruptException.At(
                new DeltaLog(storage, tableFolder).PathOf(first), 0, $"the file is missing{(head > first ? $", and so are those after it, up to version {head}" : "")}: the table had this version");
        }
    }
}
