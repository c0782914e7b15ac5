using System.Diagnostics;
using LambdaCore.CrashHost;

namespace LambdaCore.Tests.Faults;

/// <summary>A process that works on stores as it is told (<see cref="Commands"/>), to be killed, traced and starved.</summary>
internal sealed class FaultHost : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _errors;

    private FaultHost(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>The number of the process.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Starts the process.</summary>
    /// <param name="inFront">A program and its arguments that run it; none to run it as it is.</param>
    public static FaultHost Start(params string[] inFront)
    {
        string[] command = [.. inFront, "dotnet", "exec", typeof(Commands).Assembly.Location];
        ProcessStartInfo start = new(command[0], command[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };

        // Such a process lives too briefly for code that is compiled a second time to pay.
        start.Environment["DOTNET_TieredPGO"] = "0";
        return new FaultHost(Process.Start(start)!);
    }

    /// <summary>Waits until it takes a command, and gives it.</summary>
    public async Task SendAsync(params object[] fields)
    {
        if (await _process.StandardOutput.ReadLineAsync() is not "ready")
        {
            throw new InvalidOperationException($"The host has ended: {await _errors}");
        }

        await _process.StandardInput.WriteLineAsync(string.Join('\t', fields));
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>Kills it.</summary>
    /// <returns>What it said before.</returns>
    public async Task<string> KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        return await _errors;
    }

    /// <summary>Waits until the tape satisfies a condition, or the process has ended.</summary>
    /// <returns>Whether it came to satisfy it.</returns>
    public async Task<bool> WaitAsync(Tape tape, Func<string[], bool> condition, TimeSpan limit)
    {
        long start = Stopwatch.GetTimestamp();
        for (long seen = -1; Stopwatch.GetElapsedTime(start) < limit;)
        {
            bool isLast = _process.HasExited;
            if (tape.Length is > 0 and var length && length != seen)
            {
                seen = length;
                if (condition(tape.Lines()))
                {
                    return true;
                }
            }

            if (isLast)
            {
                return false;
            }

            await Task.Delay(1);
        }

        return false;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }
}
