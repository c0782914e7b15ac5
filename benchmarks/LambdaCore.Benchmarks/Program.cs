using BenchmarkDotNet.Running;
using LambdaCore.Benchmarks.Throughput;

// throughput [--events N]   the whole path at once: appends per durability level, point and window queries, full batch
// batch [--events N]        the full batch against hand-written SQL only
// anything else             BenchmarkDotNet's own arguments, for instance --filter '*PointRead*'
return args switch
{
    ["throughput", .. string[] rest] => await ThroughputProgram.RunAsync(ThroughputOptions.Parse(rest), Console.Out),
    ["batch", .. string[] rest] => await ThroughputProgram.RunBatchAsync(ThroughputOptions.Parse(rest), Console.Out),
    _ => RunBenchmarks(args),
};

static int RunBenchmarks(string[] args)
{
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
    return 0;
}
