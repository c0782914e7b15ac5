using System.Diagnostics;
using System.Globalization;

namespace FaultTolerance;

/// <summary>What a child told before it ended.</summary>
/// <param name="Acknowledged">How many payments were acknowledged.</param>
/// <param name="LastLine">Its last line.</param>
/// <param name="ExitCode">How it ended.</param>
internal sealed record ChildReport(long Acknowledged, string LastLine, int ExitCode);

/// <summary>Runs this program a second time.</summary>
internal static class ChildProcess
{
    private const int KilledExitCode = 128 + 9;

    /// <summary>Whether the way in which a child ended is a kill.</summary>
    public static bool WasKilled(ChildReport report) => report.ExitCode is KilledExitCode;

    /// <summary>Runs a child.</summary>
    /// <param name="task">What it shall do.</param>
    /// <param name="folder">The store.</param>
    /// <param name="killAfter">After how many lines it is killed; null to let it end by itself.</param>
    /// <param name="delay">How long after that line.</param>
    public static async Task<ChildReport> RunAsync(string task, string folder, int? killAfter = null, TimeSpan delay = default)
    {
        // A process that ignores the signal of the limit is told of it by an error, like one whose disk is full.
        string[] command = ["dotnet", "exec", typeof(ChildProcess).Assembly.Location, Child.Word, task, folder];
        ProcessStartInfo start = task == "full"
            ? new ProcessStartInfo("sh", ["-c", "trap '' XFSZ; exec \"$@\"", "sh", .. command])
            : new ProcessStartInfo(command[0], command[1..]);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;

        // The runtime reserves room for its code in a file, which a limit of file sizes would forbid.
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        long acknowledged = 0;
        string last = "";
        Task? killing = null;
        for (int lines = 1; await process.StandardOutput.ReadLineAsync() is { } line; lines++)
        {
            if (long.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out long position))
            {
                acknowledged = position;
            }

            last = line;
            if (lines == killAfter)
            {
                killing = KillAsync(process, delay);
            }
        }

        await (killing ?? Task.CompletedTask);
        await process.WaitForExitAsync();
        string said = await errors;
        return new ChildReport(acknowledged, said.Length > 0 ? said : last, process.ExitCode);
    }

    private static async Task KillAsync(Process process, TimeSpan delay)
    {
        await Task.Delay(delay);
        process.Kill();
    }
}
