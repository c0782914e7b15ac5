using System.Diagnostics;
using NUnit.Framework;

namespace LambdaCore.Tests.Storage;

/// <summary>A real file system of one megabyte that lives as long as this object.</summary>
internal sealed class TinyDisk : IDisposable
{
    private TinyDisk(string folder) => Folder = folder;

    public string Folder { get; }

    /// <summary>Mounts it, or ends the test as ignored where that is not allowed.</summary>
    public static TinyDisk MountOrIgnore()
    {
        string folder = Directory.CreateTempSubdirectory("lambdacore-tiny-").FullName;
        if (Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder) != 0)
        {
            Directory.Delete(folder);
            Assert.Ignore("mounting a tmpfs needs root");
        }

        return new TinyDisk(folder);
    }

    public void Dispose()
    {
        Run("umount", Folder);
        Directory.Delete(Folder);
    }

    private static int Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode;
    }
}
