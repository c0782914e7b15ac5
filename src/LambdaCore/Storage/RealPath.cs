namespace LambdaCore.Storage;

/// <summary>Where a path leads once its symbolic links are followed.</summary>
internal static class RealPath
{
    /// <summary>The path without links in any of its folders, as far as these exist.</summary>
    /// <param name="path">An absolute path, of something or of nothing.</param>
    public static string Of(string path)
    {
        string? parent = Path.GetDirectoryName(path);
        if (parent is null)
        {
            return path;
        }

        string real = Path.Combine(Of(parent), Path.GetFileName(path));
        return Directory.Exists(real)
            ? PhysicalStorage.Try("following links", real, () => Directory.ResolveLinkTarget(real, returnFinalTarget: true)) is { } target ? Of(target.FullName) : real
            : real;
    }
}
