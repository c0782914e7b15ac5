using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LambdaCore.DuckDb;

/// <summary>What DuckDB calls for every aggregate of ours. No exception leaves: it becomes the query's error.</summary>
internal static unsafe class AggregateCallbacks
{
    internal static void Attach(AggregateFunctionHandle function, AggregateBinding binding)
    {
        nint self = GCHandle<AggregateBinding>.ToIntPtr(new GCHandle<AggregateBinding>(binding));
        NativeMethods.AggregateSetExtraInfo(function, self, &Forget);
        NativeMethods.AggregateSetFunctions(function, &StateSize, &Initialize, &Update, &Combine, &Finish);
        NativeMethods.AggregateSetDestructor(function, &Destroy);
        NativeMethods.AggregateSetSpecialHandling(function);
    }

    [UnmanagedCallersOnly]
    private static void Forget(nint self)
    {
        GCHandle<AggregateBinding> handle = GCHandle<AggregateBinding>.FromIntPtr(self);
        handle.Target.Dispose();
        handle.Dispose();
    }

    [UnmanagedCallersOnly]
    private static ulong StateSize(nint info) => (ulong)sizeof(StateSlot);

    // Must not fail: after a failure DuckDB would run the destructor over states that were never initialized.
    [UnmanagedCallersOnly]
    private static void Initialize(nint info, StateSlot* slot) => *slot = default;

    [UnmanagedCallersOnly]
    private static void Update(nint info, nint chunk, StateSlot** slots)
    {
        try
        {
            Binding(info).Update(chunk, slots);
        }
        catch (Exception error)
        {
            Report(info, error, "Update");
        }
    }

    [UnmanagedCallersOnly]
    private static void Combine(nint info, StateSlot** sources, StateSlot** targets, ulong count)
    {
        try
        {
            Binding(info).Combine(sources, targets, (int)count);
        }
        catch (Exception error)
        {
            Report(info, error, "Combine");
        }
    }

    [UnmanagedCallersOnly]
    private static void Finish(nint info, StateSlot** slots, nint vector, ulong count, ulong offset)
    {
        try
        {
            Binding(info).Finish(slots, vector, (int)count, (int)offset);
        }
        catch (Exception error)
        {
            Report(info, error, "Finish");
        }
    }

    // The only callback that is not told whose states these are; one call brings states of one aggregate and query.
    [UnmanagedCallersOnly]
    private static void Destroy(StateSlot** slots, ulong count)
    {
        for (ulong i = 0; i < count; i++)
        {
            if (slots[i]->Place != 0)
            {
                StateSlab.Find(slots[i]->Slab)?.Release(slots + i, (int)(count - i));
                return;
            }
        }
    }

    private static AggregateBinding Binding(nint info)
        => GCHandle<AggregateBinding>.FromIntPtr(NativeMethods.AggregateExtraInfo(info)).Target;

    private static void Report(nint info, Exception error, string step) => NativeMethods.AggregateSetError(
        info, $"aggregate {Binding(info).Name}, {step}: {error.GetType().Name}: {error.Message}");
}
