using System.Globalization;
using BenchmarkDotNet.Running;
using LambdaCore.Benchmarks.Cardinality;
using LambdaCore.Benchmarks.Sketches;
using LambdaCore.Benchmarks.Soak;
using LambdaCore.Benchmarks.Throughput;

// throughput [--events N]   the whole path at once: appends per durability level, point and window queries, full batch
// batch [--events N]        the full batch against hand-written SQL only
// incremental [--most N]    a batch after a million new events, on histories of 1, 10 and 50 million (up to N million)
// corrections [--events N]  a correction of a thousandth of 20 million (N) events, against a full batch
// soak [--minutes N]        everything side by side for ten (N) minutes; not zero if an answer is wrong or a bound exceeded
// cardinality [--keys N]    50 million (N) keys under a speed budget of 512 (--speed-mb N) MiB; not zero as above
// sketches [N]              errors of sketches over up to N rows (1 million), against theory and DuckDB's own
// anything else             BenchmarkDotNet's own arguments, for instance --filter '*PointRead*'
return args switch
{
    ["throughput", .. string[] rest] => await ThroughputProgram.RunAsync(ThroughputOptions.Parse(rest), Console.Out),
    ["batch", .. string[] rest] => await ThroughputProgram.RunBatchAsync(ThroughputOptions.Parse(rest), Console.Out),
    ["incremental", .. string[] rest] => await IncrementalProgram.RunAsync(IncrementalOptions.Parse(rest), Console.Out),
    ["corrections", .. string[] rest] => await CorrectionsProgram.RunAsync(CorrectionsOptions.Parse(rest), Console.Out),
    ["soak", .. string[] rest] => await SoakProgram.RunAsync(SoakOptions.Parse(rest), Console.Out),
    ["cardinality", .. string[] rest] => await CardinalityProgram.RunAsync(CardinalityOptions.Parse(rest), Console.Out),
    ["sketches", .. string[] rest] => SketchesProgram.Run(rest.Length == 0 ? 1_000_000 : int.Parse(rest[0], CultureInfo.InvariantCulture), Console.Out),
    _ => RunBenchmarks(args),
};

static int RunBenchmarks(string[] args)
{
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
    return 0;
}
