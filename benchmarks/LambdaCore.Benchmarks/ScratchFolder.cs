namespace LambdaCore.Benchmarks;

/// <summary>
/// A folder for one measurement, deleted with it. It lies beside the program, because a system's temporary folder may be memory, where
/// a flush costs nothing.
/// </summary>
internal sealed class ScratchFolder : IDisposable
{
    private ScratchFolder(string path) => Path = path;

    public string Path { get; }

    public static ScratchFolder Create()
    {
        string path = System.IO.Path.Combine(AppContext.BaseDirectory, "scratch", Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(path);
        return new ScratchFolder(path);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
