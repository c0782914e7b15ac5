using System.Globalization;
using System.Text;
using LambdaCore.Storage;
using LambdaCore.Values;

namespace LambdaCore.Tables;

/// <summary>The name of the folder that holds a view, on any file system: letters, digits, '_' and '-' stand for
/// themselves; every other byte of the UTF-8 form is written as '~' and two hexadecimal digits, and so is the first letter
/// of a name that Windows reserves. Different names have different folders.</summary>
/// <remarks>Not percent-encoded, because readers of Delta tables take a folder's path for a URL and decode it (seen with
/// ClickHouse 26.7, whose reader is delta-kernel-rs); a URL leaves '~' as it is.</remarks>
internal static class ViewFolder
{
    /// <summary>The longest folder name; file systems allow 255 bytes, and Windows paths are short.</summary>
    public const int MaximumLength = 120;

    /// <summary>The folder of all views.</summary>
    public const string Parent = "views";

    private const string Plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

    private static readonly HashSet<string> Reserved = new(
        ["CON", "PRN", "AUX", "NUL", .. Enumerable.Range(0, 10).SelectMany(digit => new[] { $"COM{digit}", $"LPT{digit}" })],
        StringComparer.OrdinalIgnoreCase);

    /// <summary>The folder's name for a view's name.</summary>
    /// <exception cref="ArgumentException">The name is empty, too long, or not well-formed Unicode.</exception>
    public static string NameOf(string viewName)
    {
        string folder = Encoded(viewName, StrictUtf8.BytesOfName(viewName, "A view"));
        return folder.Length <= MaximumLength
            ? folder
            : throw new ArgumentException(
                $"The view's name '{viewName}' needs a folder name of {folder.Length} characters, and at most {MaximumLength} are allowed (a character other than A-Z, a-z, 0-9, '_' and '-' takes three per byte of its UTF-8 form). Choose a shorter name.",
                nameof(viewName));
    }

    /// <summary>The view's name for a folder's name.</summary>
    /// <returns>Null if no view has a folder of that name.</returns>
    public static string? ViewOf(string folder)
    {
        List<byte> bytes = [];
        for (int i = 0; i < folder.Length; i++)
        {
            if (folder[i] != '~')
            {
                bytes.Add((byte)folder[i]);
            }
            else if (byte.TryParse(folder.AsSpan(i + 1, Math.Min(2, folder.Length - i - 1)), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte one))
            {
                bytes.Add(one);
                i += 2;
            }
        }

        string name = Encoding.UTF8.GetString([.. bytes]);
        return name.Length > 0 && folder.Length <= MaximumLength && Encoded(name, Encoding.UTF8.GetBytes(name)) == folder ? name : null;
    }

    /// <summary>The names of the views whose folders have files, in the order of their folders.</summary>
    /// <param name="storage">The store.</param>
    public static IReadOnlyList<string> StoredViews(IStorage storage) =>
        [.. storage.ListFolders(Parent).Where(f => Parts(storage, f).Any(p => storage.List(p).Count > 0)).Select(ViewOf).OfType<string>()];

    /// <summary>Deletes a view's files; what is left after a crash is deleted by another call.</summary>
    public static void Delete(IStorage storage, string viewName)
    {
        string folder = NameOf(viewName);
        if (!storage.ListFolders(Parent).Contains(folder))
        {
            return;
        }

        foreach (string part in Parts(storage, folder))
        {
            foreach (string file in storage.List(part))
            {
                storage.Delete($"{part}/{file}");
            }

            storage.FlushFolder(part);
        }
    }

    private static IEnumerable<string> Parts(IStorage storage, string folder) =>
        storage.ListFolders($"{Parent}/{folder}").Select(f => $"{Parent}/{folder}/{f}").Append($"{Parent}/{folder}");

    /// <summary>The folder names of all views of a store, by view name.</summary>
    /// <exception cref="ArgumentException">Two views have names that differ in case only, or not at all.</exception>
    public static IReadOnlyDictionary<string, string> NamesOf(IEnumerable<string> viewNames)
    {
        var folders = new Dictionary<string, string>(StringComparer.Ordinal);
        var taken = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (string name in viewNames)
        {
            string folder = NameOf(name);
            if (!taken.TryAdd(folder, name))
            {
                throw new ArgumentException(
                    $"The views '{taken[folder]}' and '{name}' would share a folder on file systems that ignore case. Rename one.", nameof(viewNames));
            }

            folders.Add(name, folder);
        }

        return folders;
    }

    private static string Encoded(string viewName, byte[] utf8)
    {
        var folder = new StringBuilder();
        foreach (byte one in utf8)
        {
            bool isPlain = Plain.Contains((char)one, StringComparison.Ordinal) && !(folder.Length == 0 && Reserved.Contains(viewName));
            _ = isPlain ? folder.Append((char)one) : folder.Append('~').Append(Convert.ToHexString([one]));
        }

        return folder.ToString();
    }
}
