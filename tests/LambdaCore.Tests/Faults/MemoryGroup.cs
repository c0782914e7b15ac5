using NUnit.Framework;

namespace LambdaCore.Tests.Faults;

/// <summary>A control group of the kernel that bounds the memory of the processes in it.</summary>
internal sealed class MemoryGroup : IDisposable
{
    private readonly string _folder;

    private MemoryGroup(string folder) => _folder = folder;

    /// <summary>Makes one, or ends the test as ignored where that is not allowed.</summary>
    public static MemoryGroup MakeOrIgnore(long bytes)
    {
        Tools.RequireOrIgnore();
        bool isFirstVersion = Directory.Exists("/sys/fs/cgroup/memory");
        string parent = isFirstVersion ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup";
        string folder = Path.Combine(parent, $"lambdacore-{Guid.NewGuid():N}");
        try
        {
            Directory.CreateDirectory(folder);
            MemoryGroup group = new(folder);
            try
            {
                File.WriteAllText(Path.Combine(folder, isFirstVersion ? "memory.limit_in_bytes" : "memory.max"), $"{bytes}");
                return group;
            }
            catch
            {
                group.Dispose();
                throw;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Assert.Ignore($"A control group with a limit of memory cannot be made in {parent}: {error.Message}");
            throw;
        }
    }

    /// <summary>What stands in front of a program to run it in the group.</summary>
    public string[] Run => ["sh", "-c", $"echo $$ > {_folder}/cgroup.procs && exec \"$@\"", "sh"];

    public void Dispose() => Directory.Delete(_folder);
}
