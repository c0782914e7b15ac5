using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>One column of a batch view that holds (part of) a state.</summary>
/// <remarks>
/// How a column's value stands in the bytes of a state, by <see cref="Type"/>: a nullable one starts with a byte, 0 for
/// missing or 1; then Boolean one byte; Int8..Int64, UInt8..UInt64, Float32, Float64, Timestamp, Date and Duration their
/// little-endian representation; Int128 and Decimal (as billionths) sixteen little-endian bytes; Guid sixteen bytes in the order of its
/// text; String and Binary a varint length and the bytes; Sketch its bytes as they are.
/// </remarks>
/// <param name="Suffix">What is added to the name of the aggregate's column; empty if it is the only one.</param>
/// <param name="Type">What the column holds.</param>
/// <param name="Sql">The aggregate expression that computes it.</param>
internal sealed record StateColumn(string Suffix, ScalarType Type, StateSql Sql);

/// <summary>
/// Writes the SQL aggregate that computes a state column.
/// </summary>
/// <param name="input">SQL of the input value, of the input's representation; times are BIGINT microseconds. Empty for a count of events.</param>
/// <param name="filter">Either empty or <c> FILTER (WHERE ...)</c>, to be put right behind each aggregate function's call.</param>
/// <param name="order">SQL of a HUGEINT that is <see cref="EventStamp.Order"/> of the event.</param>
internal delegate string StateSql(string input, string filter, string order);
