namespace LambdaCore.DuckDb;

/// <summary>Hands our functions to DuckDB, those of one name as one set of overloads.</summary>
internal static class FunctionRegistry
{
    /// <returns>What was registered: whoever owns the instance sweeps it when no statement runs.</returns>
    public static IReadOnlyList<AggregateBinding> Register(ConnectionHandle connection, ReadOnlySpan<DuckDbAggregate> aggregates)
    {
        List<AggregateBinding> bindings = [];
        foreach (IGrouping<string, DuckDbAggregate> overloads in aggregates.ToArray().GroupBy(a => a.Name))
        {
            using AggregateFunctionSetHandle set = NativeMethods.CreateAggregateFunctionSet(overloads.Key);
            foreach (DuckDbAggregate aggregate in overloads)
            {
                using AggregateFunctionHandle function = NativeMethods.CreateAggregateFunction();
                NativeMethods.AggregateSetName(function, aggregate.Name);
                foreach (DuckDbLogicalType parameter in aggregate.Parameters)
                {
                    using LogicalTypeHandle type = parameter.CreateHandle();
                    NativeMethods.AggregateAddParameter(function, type);
                }

                using LogicalTypeHandle returns = aggregate.ReturnType.CreateHandle();
                NativeMethods.AggregateSetReturnType(function, returns);
                AggregateBinding binding = aggregate.Bind();
                AggregateCallbacks.Attach(function, binding);
                bindings.Add(binding);
                Check(NativeMethods.AddToSet(set, function), aggregate.Name);
            }

            Check(NativeMethods.Register(connection, set), overloads.Key);
        }

        return bindings;
    }

    public static void Register(ConnectionHandle connection, ReadOnlySpan<DuckDbScalarFunction> functions)
    {
        foreach (IGrouping<string, DuckDbScalarFunction> overloads in functions.ToArray().GroupBy(f => f.Name))
        {
            using ScalarFunctionSetHandle set = NativeMethods.CreateScalarFunctionSet(overloads.Key);
            foreach (DuckDbScalarFunction definition in overloads)
            {
                using ScalarFunctionHandle function = NativeMethods.CreateScalarFunction();
                NativeMethods.ScalarSetName(function, definition.Name);
                foreach (DuckDbLogicalType parameter in definition.Parameters)
                {
                    using LogicalTypeHandle type = parameter.CreateHandle();
                    NativeMethods.ScalarAddParameter(function, type);
                }

                using LogicalTypeHandle returns = definition.ReturnType.CreateHandle();
                NativeMethods.ScalarSetReturnType(function, returns);
                definition.AttachTo(function);
                Check(NativeMethods.AddToSet(set, function), definition.Name);
            }

            Check(NativeMethods.Register(connection, set), overloads.Key);
        }
    }

    // DuckDB gives no reason here.
    private static void Check(DuckDbState state, string name)
    {
        if (state != DuckDbState.Success)
        {
            throw DuckDbException.From(
                $"DuckDB refused the function '{name}'. Check that its name is not taken by another kind of function and that its types can be parameters.",
                sql: null);
        }
    }
}
