using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace LambdaCore.Tests.Faults;

/// <summary>A fault that strace puts into system calls of a process.</summary>
/// <param name="Calls">The calls, separated by commas.</param>
/// <param name="Fault">What happens to them: <c>error=EIO</c>, <c>delay_enter=20000</c>, ...</param>
/// <param name="When">Which of them, of each thread: <c>3</c>, or <c>3+</c> for the third and all that follow.</param>
internal sealed partial record Injection(string Calls, string Fault, string When)
{
    private static readonly string[] Errors = ["EIO", "ENOSPC", "EDQUOT", "EROFS"];

    /// <summary>Calls that one thing is done with, of which a machine has some.</summary>
    private static readonly (string Calls, string[] Errors, int Most)[] Targets =
    [
        ("fdatasync", Errors, 8),
        ("fsync", Errors, 12),
        ("pwrite64,pwritev,write,writev", [.. Errors, "EFBIG"], 12),
        ("fallocate", Errors, 3),
        ("openat", [.. Errors, "EMFILE", "EACCES"], 40),
        ("open,creat", [.. Errors, "EMFILE"], 8),
        ("rename,renameat,renameat2", Errors, 12),
        ("link,linkat", [.. Errors, "EMLINK"], 3),
        ("unlink,unlinkat", ["EIO", "EROFS", "EACCES"], 6),
        ("mkdir,mkdirat", Errors, 3),
        ("ftruncate", Errors, 4),
        ("pread64,preadv,read", ["EIO"], 40),
        ("stat,lstat,newfstatat,fstat,statx", ["EIO", "EACCES"], 40),
        ("getdents64", ["EIO"], 6),
        ("rmdir", ["EIO", "EROFS"], 3),
    ];

    /// <summary>A fault at random.</summary>
    public static Injection Of(Random random)
    {
        (string calls, string[] errors, int most) = Targets[random.Next(Targets.Length)];
        string all = string.Join(',', calls.Split(',').Select(c => $"?{c}"));

        // A write of nothing is the shortest write; whoever writes has to try again.
        string fault = random.Next(8) switch
        {
            0 => $"delay_enter={random.Next(1, 20) * 1000}",
            1 when calls.StartsWith("pwrite64", StringComparison.Ordinal) => "retval=0",
            _ => $"error={errors[random.Next(errors.Length)]}",
        };
        bool isLasting = fault.StartsWith("delay", StringComparison.Ordinal) || (!fault.StartsWith("retval", StringComparison.Ordinal) && random.Next(4) == 0);
        return new Injection(all, fault, string.Create(CultureInfo.InvariantCulture, $"{random.Next(1, most + 1)}{(isLasting ? "+" : "")}"));
    }

    /// <summary>Attaches strace to a process, with this fault, runs something, and detaches it.</summary>
    /// <returns>The calls that the fault was put into.</returns>
    public async Task<string[]> RunAsync(int process, string log, Func<Task> action)
    {
        ProcessStartInfo start = new("strace", ["-f", "-y", "-s", "0", "-p", $"{process}", "-o", log, "-e", "signal=none", "-e", $"trace={Calls}", "-e", $"inject={Calls}:{Fault}:when={When}"])
        {
            RedirectStandardError = true,
        };
        using Process strace = Process.Start(start)!;
        List<string> said = [];
        while (await strace.StandardError.ReadLineAsync() is { } line)
        {
            said.Add(line);
            if (Attached().IsMatch(line))
            {
                break;
            }
        }

        if (said.Count == 0 || !Attached().IsMatch(said[^1]))
        {
            throw new InvalidOperationException($"strace did not attach: {string.Join(' ', said)}");
        }

        Task<string> rest = strace.StandardError.ReadToEndAsync();
        try
        {
            await action();
        }
        finally
        {
            Tools.Run("kill", "-INT", $"{strace.Id}");
            await strace.WaitForExitAsync();
            _ = await rest;
        }

        return [.. File.ReadLines(log).Where(l => l.Contains("(INJECTED)", StringComparison.Ordinal) || l.Contains("(DELAYED)", StringComparison.Ordinal))];
    }

    [GeneratedRegex("^strace: Process [0-9]+ attached")]
    private static partial Regex Attached();
}
