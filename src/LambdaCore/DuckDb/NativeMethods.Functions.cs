using System.Runtime.InteropServices;

namespace LambdaCore.DuckDb;

/// <summary>Chapters "Scalar Functions" and "Aggregate Functions".</summary>
internal static unsafe partial class NativeMethods
{
    [LibraryImport(Library, EntryPoint = "duckdb_create_aggregate_function")]
    internal static partial AggregateFunctionHandle CreateAggregateFunction();

    [LibraryImport(Library, EntryPoint = "duckdb_destroy_aggregate_function")]
    internal static partial void DestroyAggregateFunction(nint* function);

    [LibraryImport(Library, EntryPoint = "duckdb_aggregate_function_set_name", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial void AggregateSetName(AggregateFunctionHandle function, string name);

    [LibraryImport(Library, EntryPoint = "duckdb_aggregate_function_add_parameter")]
    internal static partial void AggregateAddParameter(AggregateFunctionHandle function, LogicalTypeHandle type);

    [LibraryImport(Library, EntryPoint = "duckdb_aggregate_function_set_return_type")]
    internal static partial void AggregateSetReturnType(AggregateFunctionHandle function, LogicalTypeHandle type);

    [LibraryImport(Library, EntryPoint = "duckdb_aggregate_function_set_functions")]
    internal static partial void AggregateSetFunctions(
        AggregateFunctionHandle function,
        delegate* unmanaged<nint, ulong> stateSize,
        delegate* unmanaged<nint, StateSlot*, void> initialize,
        delegate* unmanaged<nint, nint, StateSlot**, void> update,
        delegate* unmanaged<nint, StateSlot**, StateSlot**, ulong, void> combine,
        delegate* unmanaged<nint, StateSlot**, nint, ulong, ulong, void> finalize);

    [LibraryImport(Library, EntryPoint = "duckdb_aggregate_function_set_destructor")]
    internal static partial void AggregateSetDestructor(
        AggregateFunctionHandle function, delegate* unmanaged<StateSlot**, ulong, void> destroy);

    [LibraryImport(Library, EntryPoint = "duckdb_aggregate_function_set_special_handling")]
    internal static partial void AggregateSetSpecialHandling(AggregateFunctionHandle function);

    [LibraryImport(Library, EntryPoint = "duckdb_aggregate_function_set_extra_info")]
    internal static partial void AggregateSetExtraInfo(
        AggregateFunctionHandle function, nint extraInfo, delegate* unmanaged<nint, void> delete);

    [LibraryImport(Library, EntryPoint = "duckdb_aggregate_function_get_extra_info")]
    [SuppressGCTransition]
    internal static partial nint AggregateExtraInfo(nint info);

    [LibraryImport(Library, EntryPoint = "duckdb_aggregate_function_set_error", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial void AggregateSetError(nint info, string error);

    [LibraryImport(Library, EntryPoint = "duckdb_create_aggregate_function_set", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial AggregateFunctionSetHandle CreateAggregateFunctionSet(string name);

    [LibraryImport(Library, EntryPoint = "duckdb_destroy_aggregate_function_set")]
    internal static partial void DestroyAggregateFunctionSet(nint* set);

    [LibraryImport(Library, EntryPoint = "duckdb_add_aggregate_function_to_set")]
    internal static partial DuckDbState AddToSet(AggregateFunctionSetHandle set, AggregateFunctionHandle function);

    [LibraryImport(Library, EntryPoint = "duckdb_register_aggregate_function_set")]
    internal static partial DuckDbState Register(ConnectionHandle connection, AggregateFunctionSetHandle set);

    [LibraryImport(Library, EntryPoint = "duckdb_create_scalar_function")]
    internal static partial ScalarFunctionHandle CreateScalarFunction();

    [LibraryImport(Library, EntryPoint = "duckdb_destroy_scalar_function")]
    internal static partial void DestroyScalarFunction(nint* function);

    [LibraryImport(Library, EntryPoint = "duckdb_scalar_function_set_name", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial void ScalarSetName(ScalarFunctionHandle function, string name);

    [LibraryImport(Library, EntryPoint = "duckdb_scalar_function_add_parameter")]
    internal static partial void ScalarAddParameter(ScalarFunctionHandle function, LogicalTypeHandle type);

    [LibraryImport(Library, EntryPoint = "duckdb_scalar_function_set_return_type")]
    internal static partial void ScalarSetReturnType(ScalarFunctionHandle function, LogicalTypeHandle type);

    [LibraryImport(Library, EntryPoint = "duckdb_scalar_function_set_special_handling")]
    internal static partial void ScalarSetSpecialHandling(ScalarFunctionHandle function);

    [LibraryImport(Library, EntryPoint = "duckdb_scalar_function_set_extra_info")]
    internal static partial void ScalarSetExtraInfo(
        ScalarFunctionHandle function, nint extraInfo, delegate* unmanaged<nint, void> delete);

    [LibraryImport(Library, EntryPoint = "duckdb_scalar_function_get_extra_info")]
    [SuppressGCTransition]
    internal static partial nint ScalarExtraInfo(nint info);

    [LibraryImport(Library, EntryPoint = "duckdb_scalar_function_set_function")]
    internal static partial void ScalarSetFunction(
        ScalarFunctionHandle function, delegate* unmanaged<nint, nint, nint, void> body);

    [LibraryImport(Library, EntryPoint = "duckdb_scalar_function_set_error", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial void ScalarSetError(nint info, string error);

    [LibraryImport(Library, EntryPoint = "duckdb_create_scalar_function_set", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial ScalarFunctionSetHandle CreateScalarFunctionSet(string name);

    [LibraryImport(Library, EntryPoint = "duckdb_destroy_scalar_function_set")]
    internal static partial void DestroyScalarFunctionSet(nint* set);

    [LibraryImport(Library, EntryPoint = "duckdb_add_scalar_function_to_set")]
    internal static partial DuckDbState AddToSet(ScalarFunctionSetHandle set, ScalarFunctionHandle function);

    [LibraryImport(Library, EntryPoint = "duckdb_register_scalar_function_set")]
    internal static partial DuckDbState Register(ConnectionHandle connection, ScalarFunctionSetHandle set);
}
