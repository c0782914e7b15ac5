using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>One column of a batch view that holds (part of) a state.</summary>
/// <remarks>
/// How a column's value stands in the bytes of a state, by <see cref="Type"/>: a nullable one starts with a byte, 0 for
/// missing or 1; then follows what <see cref="ValueCodec"/> writes: Boolean one byte; Int8..Int64, UInt8..UInt64, Float32,
/// Float64 (both in their canonical form, <see cref="ValueOrder"/>), Timestamp, Date and Duration their little-endian
/// representation; Int128 and Decimal (as billionths) sixteen little-endian bytes; Guid sixteen bytes in the order of its
/// text; String and Binary a varint length and the bytes; Sketch its bytes as they are.
/// </remarks>
/// <param name="Suffix">A lower-case word that tells the column from the aggregate's others; empty if it is the only one.</param>
/// <param name="Type">What the column holds.</param>
/// <param name="Sql">The aggregate expression that computes it.</param>
internal sealed record StateColumn(string Suffix, ScalarType Type, StateSql Sql);
