using NUnit.Framework;

namespace LambdaCore.Tests.Faults;

/// <summary>A real file system in a file, mounted; its power can be cut.</summary>
internal sealed class LoopDisk : IDisposable
{
    private readonly string _image;
    private bool _isMounted;

    private LoopDisk(string image, string folder)
    {
        _image = image;
        Folder = folder;
    }

    /// <summary>Where it is mounted.</summary>
    public string Folder { get; }

    /// <summary>Makes a file system and mounts it, or ends the test as ignored where that is not allowed.</summary>
    /// <param name="kind">ext4 or xfs.</param>
    public static LoopDisk MakeOrIgnore(string kind)
    {
        Tools.RequireOrIgnore(("mkfs.xfs", "xfsprogs"), ("xfs_io", "xfsprogs"), ("mkfs.ext4", "e2fsprogs"));
        string folder = Directory.CreateTempSubdirectory("lambdacore-loop-").FullName;
        LoopDisk disk = new(folder + ".image", folder);
        using (FileStream image = File.Create(disk._image))
        {
            image.SetLength(600L << 20);
        }

        Tools.Do($"mkfs.{kind}", "-q", disk._image);
        (int exitCode, string output) = Tools.Run("mount", "-o", "loop", disk._image, folder);
        if (exitCode != 0)
        {
            disk.Dispose();
            Assert.Ignore($"A file system in a file cannot be mounted here: {output}");
        }

        disk._isMounted = true;
        return disk;
    }

    /// <summary>Stops the file system at once: what is not on the medium by then never gets there.</summary>
    public void CutPower()
    {
        (int exitCode, string output) = Tools.Run("xfs_io", "-x", "-c", "shutdown", Folder);
        if (exitCode != 0)
        {
            Assert.Ignore($"This kernel cannot shut the file system down: {output}");
        }
    }

    /// <summary>Starts it again. Nobody may have a file of it open.</summary>
    public void Restart()
    {
        Tools.Do("umount", Folder);
        _isMounted = false;
        Tools.Do("mount", "-o", "loop", _image, Folder);
        _isMounted = true;
    }

    public void Dispose()
    {
        if (_isMounted)
        {
            _ = Tools.Run("umount", "-l", Folder);
        }

        Directory.Delete(Folder);
        File.Delete(_image);
    }
}
