using System.Reflection;
using BenchmarkDotNet.Attributes;
using LambdaCore.Benchmarks;
using NUnit.Framework;

namespace LambdaCore.Tests.Benchmarks;

/// <summary>Each benchmark runs once, small, so that it cannot rot unseen.</summary>
internal sealed class BenchmarkTests
{
    private static IEnumerable<TestCaseData> Benchmarks =>
        from type in typeof(PageEvent).Assembly.GetTypes()
        from method in type.GetMethods()
        where method.GetCustomAttribute<BenchmarkAttribute>() is not null
        select new TestCaseData(type, method).SetArgDisplayNames(type.Name, method.Name);

    [TestCaseSource(nameof(Benchmarks))]
    public async Task Benchmark_runs(Type type, MethodInfo benchmark)
    {
        object instance = Activator.CreateInstance(type)!;
        Shrink(instance);
        await RunAll<GlobalSetupAttribute>(instance, setup => Concerns(setup.Targets, benchmark));
        await RunAll<IterationSetupAttribute>(instance, setup => Concerns(setup.Targets, benchmark));
        object? result = await RunAsync(instance, benchmark);
        await RunAll<IterationCleanupAttribute>(instance, cleanup => Concerns(cleanup.Targets, benchmark));
        await RunAll<GlobalCleanupAttribute>(instance, cleanup => Concerns(cleanup.Targets, benchmark));
        Assert.That(result, Is.Not.EqualTo(false).And.Not.EqualTo(0).And.Not.EqualTo(0L), "A read that finds nothing measures nothing.");
    }

    /// <summary>Sets the properties that say how large a benchmark is.</summary>
    private static void Shrink(object instance)
    {
        instance.GetType().GetProperty("Events")?.SetValue(instance, 20_000);
        instance.GetType().GetProperty("EventsPerCaller")?.SetValue(instance, 2);
    }

    private static bool Concerns(string[] targets, MethodInfo benchmark) => targets.Length == 0 || targets.Contains(benchmark.Name);

    private static async Task RunAll<TAttribute>(object instance, Func<TAttribute, bool> concerns)
        where TAttribute : Attribute
    {
        foreach (MethodInfo method in instance.GetType().GetMethods().Where(m => m.GetCustomAttribute<TAttribute>() is { } attribute && concerns(attribute)))
        {
            await RunAsync(instance, method);
        }
    }

    private static async Task<object?> RunAsync(object instance, MethodInfo method)
    {
        object? result = method.Invoke(instance, null);
        switch (result)
        {
            case Task task:
                await task;
                return task.GetType().GetProperty(nameof(Task<>.Result))?.GetValue(task);
            case ValueTask<ViewEntry<string, UserProfile>?> read:
                return (object?)await read ?? false;
            default:
                return result;
        }
    }
}
