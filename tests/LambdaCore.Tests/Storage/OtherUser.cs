using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using NUnit.Framework;

namespace LambdaCore.Tests.Storage;

/// <summary>Another user than root, who may do only what the modes of files and folders say. For Linux and for root.</summary>
internal static partial class OtherUser
{
    private const int Id = 65534;

    /// <summary>Gives the user a file or folder, or ends the test as ignored.</summary>
    public static void Owns(string path)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            Assert.Ignore("Only root can act as another user.");
        }

        Assert.That(ChangeOwner(path, Id, Id), Is.Zero);
    }

    /// <summary>Does something on a thread that is that user before file systems, and raises what it raises. It must do all on that thread.</summary>
    public static void Run(Action work)
    {
        ExceptionDispatchInfo? raised = null;
        Thread thread = new(() =>
        {
            int before = SetUser(Id);
            try
            {
                work();
            }
            catch (Exception error)
            {
                raised = ExceptionDispatchInfo.Capture(error);
            }
            finally
            {
                _ = SetUser(before);
            }
        });
        thread.Start();
        thread.Join();
        raised?.Throw();
    }

    [LibraryImport("libc", EntryPoint = "chown", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, int user, int group);

    /// <summary>The user before file systems, of this thread alone.</summary>
    [LibraryImport("libc", EntryPoint = "setfsuid")]
    private static partial int SetUser(int user);
}
