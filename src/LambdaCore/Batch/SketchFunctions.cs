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

    private sealed class Group
    {
        public HyperLogLogState Sketch;
    }

    private sealed class ApproxDistinctFunction(SketchFunction sketch, DuckDbLogicalType parameter)
        : DuckDbAggregate<Group>(sketch.SqlName, [parameter], DuckDbType.Blob)
    {
        [ThreadStatic]
        private static ByteWriter? writer;

        protected internal override Group Create() => new();

        protected override void Update(AggregateStates<Group> states, ChunkReader rows)
        {
            VectorReader values = rows.Column(0);
            int count = rows.RowCount;
            for (int row = 0; row < count; row++)
            {
                if (!values.IsNull(row))
                {
                    states[row].Sketch.Add(sketch.Precision, Hash(in values, row));
                }
            }
        }

        protected override void Combine(Group source, Group target) => target.Sketch.Merge(in source.Sketch);

        protected override void Finish(Group state, ref VectorWriter output, int row)
        {
            ByteWriter bytes = writer ??= new ByteWriter();
            bytes.Clear();
            state.Sketch.Write(bytes);
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
