using System.Runtime.InteropServices;

namespace LambdaCore.DuckDb;

/// <summary>A pointer owned by us and given back to DuckDB exactly once.</summary>
internal abstract unsafe class DuckDbHandle() : SafeHandle(invalidHandleValue: 0, ownsHandle: true)
{
    public sealed override bool IsInvalid => handle == 0;

    /// <summary>Gives the object back; DuckDB wants the address of the pointer, to clear it.</summary>
    protected abstract void Destroy(nint* pointer);

    protected sealed override bool ReleaseHandle()
    {
        nint pointer = handle;
        Destroy(&pointer);
        return true;
    }
}

internal sealed unsafe class DatabaseHandle : DuckDbHandle
{
    protected override void Destroy(nint* pointer) => NativeMethods.Close(pointer);
}

internal sealed unsafe class ConnectionHandle : DuckDbHandle
{
    protected override void Destroy(nint* pointer) => NativeMethods.Disconnect(pointer);
}

internal sealed unsafe class StatementHandle : DuckDbHandle
{
    protected override void Destroy(nint* pointer) => NativeMethods.DestroyPrepare(pointer);
}

internal sealed unsafe class LogicalTypeHandle : DuckDbHandle
{
    protected override void Destroy(nint* pointer) => NativeMethods.DestroyLogicalType(pointer);
}

internal sealed unsafe class DataChunkHandle : DuckDbHandle
{
    protected override void Destroy(nint* pointer) => NativeMethods.DestroyDataChunk(pointer);
}

internal sealed unsafe class AggregateFunctionHandle : DuckDbHandle
{
    protected override void Destroy(nint* pointer) => NativeMethods.DestroyAggregateFunction(pointer);
}

internal sealed unsafe class AggregateFunctionSetHandle : DuckDbHandle
{
    protected override void Destroy(nint* pointer) => NativeMethods.DestroyAggregateFunctionSet(pointer);
}

internal sealed unsafe class ScalarFunctionHandle : DuckDbHandle
{
    protected override void Destroy(nint* pointer) => NativeMethods.DestroyScalarFunction(pointer);
}

internal sealed unsafe class ScalarFunctionSetHandle : DuckDbHandle
{
    protected override void Destroy(nint* pointer) => NativeMethods.DestroyScalarFunctionSet(pointer);
}

internal sealed unsafe class ErrorDataHandle : DuckDbHandle
{
    protected override void Destroy(nint* pointer) => NativeMethods.DestroyErrorData(pointer);
}

/// <summary>An appender; rows that were not flushed when it is released are dropped, not written.</summary>
internal sealed unsafe class AppenderHandle : DuckDbHandle
{
    protected override void Destroy(nint* pointer)
    {
        // Destroying an appender writes what it holds; work that was not completed must not appear.
        _ = NativeMethods.AppenderClear(*pointer);
        _ = NativeMethods.AppenderDestroy(pointer);
    }
}

/// <summary>A result: the struct that DuckDB fills in lives in memory of ours, released with it.</summary>
internal sealed unsafe class ResultHandle : DuckDbHandle
{
    public ResultHandle() => SetHandle((nint)NativeMemory.AllocZeroed((nuint)sizeof(NativeResult)));

    public NativeResult* Pointer => (NativeResult*)handle;

    protected override void Destroy(nint* pointer)
    {
        NativeMethods.DestroyResult((NativeResult*)*pointer);
        NativeMemory.Free((void*)*pointer);
    }
}
