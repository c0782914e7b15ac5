using LambdaCore.Aggregates;
using LambdaCore.DuckDb;
using LambdaCore.Values;

namespace LambdaCore.Batch;

/// <summary>
/// The sketches as aggregate functions of DuckDB, so that the batch layer computes their states by the code that the
/// speed layer folds with.
/// </summary>
internal static class SketchFunctions
{
    /// <summary>
    /// Registers a sketch with every connection of an instance, with one overload for each type that values are hashed as:
    /// BIGINT, DOUBLE, DECIMAL(38,9), VARCHAR and BLOB. Once per instance.
    /// </summary>
    public static void Register(DuckDbConnection connection, SketchFunction sketch) => connection.Register(
        new ApproxDistinctFunction(sketch, DuckDbType.BigInt),
        new ApproxDistinctFunction(sketch, DuckDbType.Double),
        new ApproxDistinctFunction(sketch, DuckDbLogicalType.Decimal(38, 9)),
        new ApproxDistinctFunction(sketch, DuckDbType.Varchar),
        new ApproxDistinctFunction(sketch, DuckDbType.Blob));

    private sealed class ApproxDistinctFunction(SketchFunction sketch, DuckDbLogicalType parameter)
        : DuckDbAggregate<HyperLogLogState>(sketch.SqlName, [parameter], DuckDbType.Blob)
    {
        [ThreadStatic]
        private static ByteWriter? writer;

        protected internal override void Update(AggregateStates<HyperLogLogState> states, ChunkReader rows)
        {
            VectorReader values = rows.Column(0);
            int count = rows.RowCount;
            for (int row = 0; row < count; row++)
            {
                if (!values.IsNull(row))
                {
                    states[row].Add(sketch.Precision, Hash(in values, row));
                }
            }
        }

        protected internal override void Combine(in HyperLogLogState source, ref HyperLogLogState target) => target.Merge(in source);

        protected internal override void Finish(in HyperLogLogState state, ref VectorWriter output, int row)
        {
            ByteWriter bytes = writer ??= new ByteWriter();
            bytes.Clear();
            state.Write(bytes);
            output.SetBytes(row, bytes.Written);
        }

        private static ulong Hash(in VectorReader values, int row) => values.Type.Id switch
        {
            DuckDbType.BigInt => ValueHash.Of(values.Int64(row)),
            DuckDbType.Double => ValueHash.Of(values.Double(row)),
            DuckDbType.Decimal => ValueHash.OfUnits(values.Get<Int128>(row)),
            _ => ValueHash.Of(values.Bytes(row)),
        };
    }
}
