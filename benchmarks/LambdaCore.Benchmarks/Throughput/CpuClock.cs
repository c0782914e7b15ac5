using System.Diagnostics;

namespace LambdaCore.Benchmarks.Throughput;

/// <summary>
/// Wall time and processor time of the process since a moment. On a machine that others use too, processor time is the steadier
/// figure.
/// </summary>
internal readonly struct CpuClock
{
    private readonly long _started;
    private readonly TimeSpan _usedBefore;

    private CpuClock(long started, TimeSpan usedBefore) => (_started, _usedBefore) = (started, usedBefore);

    /// <summary>Begins.</summary>
    public static CpuClock Start() => new(Stopwatch.GetTimestamp(), Used());

    /// <summary>What went by.</summary>
    public (double WallSeconds, double CpuSeconds) Elapsed() =>
        (Stopwatch.GetElapsedTime(_started).TotalSeconds, (Used() - _usedBefore).TotalSeconds);

    private static TimeSpan Used()
    {
        using Process process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }
}
