using System.Runtime.InteropServices;

namespace LambdaCore.DuckDb;

/// <summary>Computes one output row per input row. NULL arguments do arrive; every output row must be written.</summary>
internal delegate void ScalarBody(ChunkReader input, ref VectorWriter output);

/// <summary>A scalar function of SQL that is written in C#.</summary>
/// <remarks>
/// DuckDB calls the body from its own threads, several at once, so it holds nothing that changes; the same arguments
/// must give the same result. An exception fails the query with a <see cref="DuckDbException"/> that carries its type
/// and message.
/// </remarks>
internal sealed unsafe class DuckDbScalarFunction(
    string name, IReadOnlyList<DuckDbLogicalType> parameters, DuckDbLogicalType returnType, ScalarBody body)
{
    private readonly DuckDbLogicalType[] parameters = [.. parameters];

    public string Name { get; } = name;

    public ReadOnlySpan<DuckDbLogicalType> Parameters => parameters;

    public DuckDbLogicalType ReturnType { get; } = returnType;

    internal void AttachTo(ScalarFunctionHandle function)
    {
        nint self = GCHandle<DuckDbScalarFunction>.ToIntPtr(new GCHandle<DuckDbScalarFunction>(this));
        NativeMethods.ScalarSetExtraInfo(function, self, &Forget);
        NativeMethods.ScalarSetFunction(function, &Run);
        NativeMethods.ScalarSetSpecialHandling(function);
    }

    [UnmanagedCallersOnly]
    private static void Forget(nint self) => GCHandle<DuckDbScalarFunction>.FromIntPtr(self).Dispose();

    [UnmanagedCallersOnly]
    private static void Run(nint info, nint chunk, nint vector)
    {
        DuckDbScalarFunction self = GCHandle<DuckDbScalarFunction>.FromIntPtr(NativeMethods.ScalarExtraInfo(info)).Target;
        try
        {
            ChunkReader input = new(chunk, self.Parameters);
            VectorWriter output = new(vector, self.ReturnType, input.RowCount);
            self.Compute(input, ref output);
        }
        catch (Exception error)
        {
            NativeMethods.ScalarSetError(info, $"function {self.Name}: {error.GetType().Name}: {error.Message}");
        }
    }

    private void Compute(ChunkReader input, ref VectorWriter output) => body(input, ref output);
}
