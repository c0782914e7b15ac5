using System.Diagnostics;

namespace LambdaCore.Benchmarks.Soak;

/// <summary>What the process takes of the machine at a moment.</summary>
/// <param name="Memory">Resident bytes.</param>
/// <param name="Managed">Bytes of the managed heap.</param>
/// <param name="Handles">Open files.</param>
/// <param name="Disk">Bytes of the store's folder and its forks.</param>
internal readonly record struct SoakGauges(long Memory, long Managed, int Handles, long Disk)
{
    public static SoakGauges Read(string folder)
    {
        using Process self = Process.GetCurrentProcess();
        return new SoakGauges(self.WorkingSet64, GC.GetTotalMemory(forceFullCollection: false), OpenFiles(self), BytesOf(new DirectoryInfo(folder)));
    }

    private static int OpenFiles(Process self) => Directory.Exists("/proc/self/fd") ? Directory.GetFileSystemEntries("/proc/self/fd").Length : self.HandleCount;

    private static long BytesOf(DirectoryInfo folder)
    {
        long bytes = 0;
        foreach (FileInfo file in Entries(folder))
        {
            try
            {
                bytes += file.Length;
            }
            catch (IOException)
            {
                // It has gone meanwhile.
            }
        }

        return bytes;
    }

    private static IEnumerable<FileInfo> Entries(DirectoryInfo folder)
    {
        try
        {
            return [.. folder.EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true })];
        }
        catch (IOException)
        {
            return [];
        }
    }
}
