using System.Reflection;
using LambdaCore.DuckDb;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Batch;

/// <summary>
/// The operators of definitions that SQL would compute by other rules, as scalar functions of DuckDB: the methods that the
/// fold calls.
/// </summary>
internal static class ScalarFunctions
{
    /// <summary>Registers them with every connection of an instance. Once per instance.</summary>
    /// <param name="connection">A connection of the instance.</param>
    /// <param name="others">What the SQL of the views calls beyond the operators of the table.</param>
    public static void Register(DuckDbConnection connection, params IEnumerable<CallbackFunction> others)
    {
        foreach (CallbackFunction function in OperatorTable.Callbacks.Concat(others).DistinctBy(f => f.SqlName))
        {
            connection.Register(Describe(function));
        }
    }

    /// <summary>Functions beyond those of the operator table, as DuckDB takes them.</summary>
    public static IEnumerable<DuckDbScalarFunction> BeyondTable(IEnumerable<CallbackFunction> functions) =>
        functions.DistinctBy(f => f.SqlName).ExceptBy(OperatorTable.Callbacks.Select(f => f.SqlName), f => f.SqlName).Select(Describe);

    private static DuckDbScalarFunction Describe(CallbackFunction function)
    {
        Type[] types = [.. function.Method.GetParameters().Select(p => p.ParameterType), function.Method.ReturnType];
        MethodInfo bind = typeof(ScalarFunctions).GetMethods(BindingFlags.NonPublic | BindingFlags.Static)
            .Single(m => m.Name == nameof(Bind) && m.GetGenericArguments().Length == types.Length)
            .MakeGenericMethod(types);
        ScalarBody body = bind.CreateDelegate<Func<CallbackFunction, ScalarBody>>()(function);
        return new DuckDbScalarFunction(function.SqlName, [.. function.Parameters.Select(VectorValue.TypeOf)], VectorValue.TypeOf(function.Result), body);
    }

    private static ScalarBody Bind<T, TResult>(CallbackFunction callback)
    {
        Func<T, TResult> function = callback.Method.CreateDelegate<Func<T, TResult>>(callback.Target);
        return (ChunkReader input, ref VectorWriter output) =>
        {
            VectorReader first = input.Column(0);
            for (int row = 0; row < input.RowCount; row++)
            {
                if (first.IsNull(row))
                {
                    output.SetNull(row);
                }
                else
                {
                    Write(ref output, row, function(VectorValue.Read<T>(in first, row)));
                }
            }
        };
    }

    private static ScalarBody Bind<T1, T2, TResult>(CallbackFunction callback)
    {
        Func<T1, T2, TResult> function = callback.Method.CreateDelegate<Func<T1, T2, TResult>>(callback.Target);
        return (ChunkReader input, ref VectorWriter output) =>
        {
            VectorReader first = input.Column(0);
            VectorReader second = input.Column(1);
            for (int row = 0; row < input.RowCount; row++)
            {
                if (first.IsNull(row) || second.IsNull(row))
                {
                    output.SetNull(row);
                }
                else
                {
                    Write(ref output, row, function(VectorValue.Read<T1>(in first, row), VectorValue.Read<T2>(in second, row)));
                }
            }
        };
    }

    private static ScalarBody Bind<T1, T2, T3, TResult>(CallbackFunction callback)
    {
        Func<T1, T2, T3, TResult> function = callback.Method.CreateDelegate<Func<T1, T2, T3, TResult>>(callback.Target);
        return (ChunkReader input, ref VectorWriter output) =>
        {
            VectorReader first = input.Column(0);
            VectorReader second = input.Column(1);
            VectorReader third = input.Column(2);
            for (int row = 0; row < input.RowCount; row++)
            {
                if (first.IsNull(row) || second.IsNull(row) || third.IsNull(row))
                {
                    output.SetNull(row);
                }
                else
                {
                    Write(ref output, row, function(VectorValue.Read<T1>(in first, row), VectorValue.Read<T2>(in second, row), VectorValue.Read<T3>(in third, row)));
                }
            }
        };
    }

    private static void Write<T>(ref VectorWriter column, int row, T value)
    {
        switch (value)
        {
            case null: column.SetNull(row); break;
            case string text: column.SetText(row, text); break;
            case bool truth: column.Set(row, truth ? (byte)1 : (byte)0); break;
            case decimal number: column.Set(row, DecimalUnits.FromDecimal(number)); break;
            case int number: column.Set(row, number); break;
            case long number: column.Set(row, number); break;
            case float number: column.Set(row, number); break;
            case double number: column.Set(row, number); break;
            default: throw new NotSupportedException($"No function gives a {typeof(T)}.");
        }
    }
}
