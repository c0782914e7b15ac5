using LambdaCore.Aggregates;
using LambdaCore.DuckDb;
using LambdaCore.Values;

namespace LambdaCore.Batch;

/// <summary>
/// Aggregators as aggregate functions of DuckDB, so that the batch layer computes states by the code that the speed layer
/// folds with.
/// </summary>
internal static class CodeAggregates
{
    /// <summary>Registers those of some aggregates that are computed by code with every connection of an instance. Once per instance.</summary>
    public static void Register(DuckDbConnection connection, IEnumerable<AggregateFunction> functions) => connection.Register(
        [.. functions.Where(f => f.Code is not null).DistinctBy(f => f.Code!.SqlName).Select(Describe)]);

    private static DuckDbAggregate Describe(AggregateFunction function)
    {
        Type aggregator = function.Aggregator.GetType();
        Type[] arguments = aggregator.GetInterface(typeof(IAggregator<,,>).Name)!.GetGenericArguments();
        Type type = typeof(CodeAggregate<,,,,>).MakeGenericType([aggregator, .. arguments, ReaderOf(function, arguments[0])]);
        return (DuckDbAggregate)Activator.CreateInstance(type, function)!;
    }

    private static Type ReaderOf(AggregateFunction function, Type input)
    {
        Type[] readers = [.. function.Inputs.Select((scalar, i) => ReaderOf(function, scalar, function.InputTypes[i]))];
        return readers.Length == 1 ? readers[0] : typeof(Both<,,,>).MakeGenericType([.. input.GetGenericArguments(), .. readers]);
    }

    private static Type ReaderOf(AggregateFunction function, ScalarType scalar, Type type) =>
        function.TakesHashes ? typeof(Hashed)
        : !scalar.IsNullable ? typeof(Required<>).MakeGenericType(type)
        : Nullable.GetUnderlyingType(type) is { } core ? typeof(Optional<>).MakeGenericType(core)
        : typeof(OptionalObject<>).MakeGenericType(type);

    private static IReadOnlyList<DuckDbLogicalType> ParametersOf(AggregateFunction function)
    {
        IEnumerable<DuckDbLogicalType> inputs = function.Inputs.Select(i => VectorValue.TypeOf(i.Kind));
        return function.Code!.TakesStamp ? [.. inputs, DuckDbType.BigInt, DuckDbType.BigInt] : [.. inputs];
    }

    private sealed class CodeAggregate<TAggregator, TInput, TState, TResult, TReader>(AggregateFunction function)
        : DuckDbAggregate<TState>(function.Code!.SqlName, ParametersOf(function), DuckDbType.Blob)
        where TAggregator : struct, IAggregator<TInput, TState, TResult>
        where TState : struct, IState<TState>
        where TReader : IInputReader<TReader, TInput>, allows ref struct
    {
        [ThreadStatic]
        private static ByteWriter? writer;

        private readonly bool _takesStamp = function.Code!.TakesStamp;
        private readonly bool _isDelimited = function.Columns[0].Type.Kind == ValueKind.Binary;
        private TAggregator _aggregator = (TAggregator)function.Aggregator;

        protected internal override void Update(AggregateStates<TState> states, ChunkReader rows)
        {
            int inputs = rows.ColumnCount - (_takesStamp ? 2 : 0);
            TReader reader = TReader.Over(rows, 0);
            VectorReader times = _takesStamp ? rows.Column(inputs) : default;
            VectorReader positions = _takesStamp ? rows.Column(inputs + 1) : default;
            EventStamp stamp = default;
            int count = rows.RowCount;
            for (int row = 0; row < count; row++)
            {
                if (reader.TryRead(row, out TInput input))
                {
                    if (_takesStamp)
                    {
                        stamp = new EventStamp(times.Int64(row), positions.Int64(row));
                    }

                    _aggregator.Add(ref states[row], input, in stamp);
                }
            }
        }

        protected internal override void Combine(in TState source, ref TState target) => target.Merge(in source);

        // A state's bytes hold a Binary column's length, and the column its content alone.
        protected internal override void Finish(in TState state, ref VectorWriter output, int row)
        {
            ByteWriter bytes = writer ??= new ByteWriter();
            bytes.Clear();
            state.Write(bytes);
            ReadOnlySpan<byte> written = bytes.Written;
            if (_isDelimited)
            {
                int start = 1;
                while (written[start - 1] >= 0x80)
                {
                    start++;
                }

                written = written[start..];
            }

            output.SetBytes(row, written);
        }
    }
}
