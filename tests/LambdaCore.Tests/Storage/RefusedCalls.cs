using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using NUnit.Framework;

namespace LambdaCore.Tests.Storage;

/// <summary>Lets the system refuse calls of one thread, by a filter of the kernel (seccomp), so that what a disk does once in years can be seen at any time.</summary>
internal static partial class RefusedCalls
{
    public const int Eperm = 1;
    public const int Eio = 5;
    public const int Einval = 22;
    public const int Enospc = 28;
    public const int Emlink = 31;
    public const int Enolck = 37;
    public const int Enosys = 38;
    public const int Edquot = 122;

    /// <summary>The numbers of the calls on x86-64.</summary>
    private static readonly Dictionary<string, uint> Numbers = new()
    {
        ["pread64"] = 17, ["pwrite64"] = 18, ["flock"] = 73, ["fsync"] = 74, ["fdatasync"] = 75, ["rmdir"] = 84, ["creat"] = 85, ["link"] = 86, ["unlink"] = 87, ["openat"] = 257, ["fallocate"] = 285, ["renameat2"] = 316,
    };

    /// <summary>Does something on a thread of its own whose calls are refused, and raises what it raises. It must do all on that thread, and begin no other.</summary>
    /// <param name="work">What to do.</param>
    /// <param name="refused">The calls and the errors that they end with.</param>
    public static void Run(Action work, params (string Call, int Error)[] refused)
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != System.Runtime.InteropServices.Architecture.X64)
        {
            Assert.Ignore("The numbers of the system's calls are known for Linux on x86-64 only.");
        }

        bool isFiltered = false;
        ExceptionDispatchInfo? raised = null;
        Thread thread = new(() =>
        {
            isFiltered = TryFilter(refused);
            try
            {
                if (isFiltered)
                {
                    work();
                }
            }
            catch (Exception error)
            {
                raised = ExceptionDispatchInfo.Capture(error);
            }
        });
        thread.Start();
        thread.Join();
        if (!isFiltered)
        {
            Assert.Ignore("The system does not let a thread filter its calls.");
        }

        raised?.Throw();
    }

    private static unsafe bool TryFilter((string Call, int Error)[] refused)
    {
        const ushort load = 0x20;
        const ushort jumpIfEqual = 0x15;
        const ushort answer = 0x06;
        const uint x64 = 0xC000003E;
        const uint allow = 0x7FFF0000;
        const uint fail = 0x00050000;
        List<Instruction> filter = [new(load, 0, 0, 4), new(jumpIfEqual, 1, 0, x64), new(answer, 0, 0, allow), new(load, 0, 0, 0)];
        foreach ((string call, int error) in refused)
        {
            filter.AddRange([new(jumpIfEqual, 0, 1, Numbers[call]), new(answer, 0, 0, fail | (uint)error)]);
        }

        filter.Add(new Instruction(answer, 0, 0, allow));
        const int noNewPrivileges = 38;
        const int seccomp = 22;
        const int byFilter = 2;
        fixed (Instruction* first = filter.ToArray())
        {
            Program program = new() { Length = (ushort)filter.Count, First = first };
            return Control(noNewPrivileges, 1, 0, 0, 0) == 0 && Control(seccomp, byFilter, (nint)(&program), 0, 0) == 0;
        }
    }

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Control(int option, nint first, nint second, nint third, nint fourth);

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Instruction(ushort Code, byte IfTrue, byte IfFalse, uint Value);

    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct Program
    {
        public ushort Length;
        public Instruction* First;
    }
}
