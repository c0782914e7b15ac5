using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LambdaCore.DuckDb;

/// <summary>What DuckDB calls for every aggregate of ours. No exception leaves: it becomes the query's error.</summary>
internal static unsafe class AggregateCallbacks
{
    private static long liveStates;

    /// <summary>States that were created and not yet released, in the whole process.</summary>
    public static long LiveStates => Interlocked.Read(ref liveStates);

    internal static void CountCreated() => Interlocked.Increment(ref liveStates);

    internal static void Attach(AggregateFunctionHandle function, DuckDbAggregate aggregate)
    {
        nint self = GCHandle<DuckDbAggregate>.ToIntPtr(new GCHandle<DuckDbAggregate>(aggregate));
        NativeMethods.AggregateSetExtraInfo(function, self, &Forget);
        NativeMethods.AggregateSetFunctions(function, &StateSize, &Initialize, &Update, &Combine, &Finish);
        NativeMethods.AggregateSetDestructor(function, &Destroy);
        NativeMethods.AggregateSetSpecialHandling(function);
    }

    [UnmanagedCallersOnly]
    private static void Forget(nint self) => GCHandle<DuckDbAggregate>.FromIntPtr(self).Dispose();

    [UnmanagedCallersOnly]
    private static ulong StateSize(nint info) => (ulong)sizeof(nint);

    // Must not fail: after a failure DuckDB would run the destructor over states that were never initialized.
    [UnmanagedCallersOnly]
    private static void Initialize(nint info, nint* state) => *state = 0;

    [UnmanagedCallersOnly]
    private static void Update(nint info, nint chunk, nint** states)
    {
        try
        {
            Aggregate(info).Update(chunk, states);
        }
        catch (Exception error)
        {
            Report(info, error, "Update");
        }
    }

    [UnmanagedCallersOnly]
    private static void Combine(nint info, nint** sources, nint** targets, ulong count)
    {
        try
        {
            Aggregate(info).Combine(sources, targets, (int)count);
        }
        catch (Exception error)
        {
            Report(info, error, "Combine");
        }
    }

    [UnmanagedCallersOnly]
    private static void Finish(nint info, nint** states, nint vector, ulong count, ulong offset)
    {
        try
        {
            Aggregate(info).Finish(states, vector, (int)count, (int)offset);
        }
        catch (Exception error)
        {
            Report(info, error, "Finish");
        }
    }

    [UnmanagedCallersOnly]
    private static void Destroy(nint** states, ulong count)
    {
        long released = 0;
        for (ulong i = 0; i < count; i++)
        {
            nint handle = *states[i];
            if (handle != 0)
            {
                GCHandle.FromIntPtr(handle).Free();
                *states[i] = 0;
                released++;
            }
        }

        Interlocked.Add(ref liveStates, -released);
    }

    private static DuckDbAggregate Aggregate(nint info)
        => GCHandle<DuckDbAggregate>.FromIntPtr(NativeMethods.AggregateExtraInfo(info)).Target;

    private static void Report(nint info, Exception error, string step) => NativeMethods.AggregateSetError(
        info, $"aggregate {Aggregate(info).Name}, {step}: {error.GetType().Name}: {error.Message}");
}
