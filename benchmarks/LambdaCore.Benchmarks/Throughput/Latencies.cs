using System.Diagnostics;

namespace LambdaCore.Benchmarks.Throughput;

/// <summary>Durations of many calls. One thread at a time.</summary>
internal sealed class Latencies(int capacity)
{
    private readonly long[] _ticks = new long[capacity];
    private int _count;

    /// <summary>Counts a call that began at a <see cref="Stopwatch.GetTimestamp"/> and ends now.</summary>
    public void Add(long started) => _ticks[_count++] = Stopwatch.GetTimestamp() - started;

    /// <summary>The calls of several callers together.</summary>
    public static Latencies Together(IReadOnlyCollection<Latencies> parts)
    {
        Latencies all = new(parts.Sum(p => p._count));
        foreach (Latencies part in parts)
        {
            part._ticks.AsSpan(0, part._count).CopyTo(all._ticks.AsSpan(all._count));
            all._count += part._count;
        }

        return all;
    }

    /// <summary>The median, the 99th percentile and the 99.9th, in microseconds.</summary>
    public override string ToString()
    {
        Array.Sort(_ticks, 0, _count);
        return $"p50 {At(0.5),9:N2} us   p99 {At(0.99),9:N2} us   p99.9 {At(0.999),9:N2} us";
    }

    private double At(double share) => _ticks[(int)(share * (_count - 1))] * 1e6 / Stopwatch.Frequency;
}
