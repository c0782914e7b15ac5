using System.Linq.Expressions;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>
/// How one value of a scalar type stands in a write-ahead frame: nullable ones start with a byte, 0 for missing or 1;
/// numbers are little-endian, floating-point ones without negative zero and with one NaN, decimals billionths in sixteen bytes, text and binary a varint length and the bytes.
/// </summary>
internal static class ValueCoder
{
    /// <summary>An expression that writes a value.</summary>
    /// <param name="writer">A <see cref="ByteWriter"/>.</param>
    /// <param name="value">The value, in the representation of its type.</param>
    /// <param name="type">The value's type.</param>
    public static Expression Write(Expression writer, Expression value, ScalarType type)
    {
        if (!type.IsNullable)
        {
            return WritePresent(writer, value, type.Kind);
        }

        ParameterExpression local = Expression.Variable(value.Type, "value");
        Expression present = value.Type.IsValueType
            ? Expression.Property(local, nameof(Nullable<>.HasValue))
            : Expression.ReferenceNotEqual(local, Expression.Constant(null, value.Type));
        Expression inner = value.Type.IsValueType ? Expression.Call(local, nameof(Nullable<>.GetValueOrDefault), null) : local;
        return Expression.Block(
            [local],
            Expression.Assign(local, value),
            Expression.Call(writer, nameof(ByteWriter.WriteBoolean), null, present),
            Expression.IfThen(present, WritePresent(writer, inner, type.Kind)));
    }

    /// <summary>An expression that reads a value in the representation of its type.</summary>
    /// <param name="reader">A <see cref="ByteReader"/>, by reference.</param>
    /// <param name="type">The value's type.</param>
    public static Expression Read(Expression reader, ScalarType type)
    {
        Expression present = ReadPresent(reader, type.Kind);
        return type.IsNullable
            ? Expression.Condition(
                Expression.Call(reader, nameof(ByteReader.ReadBoolean), null),
                present.Type == type.Representation ? present : Expression.Convert(present, type.Representation),
                Expression.Default(type.Representation))
            : present;
    }

    private static MethodCallExpression WritePresent(Expression writer, Expression value, ValueKind kind)
    {
        return kind switch
        {
            ValueKind.Boolean => Call(nameof(ByteWriter.WriteBoolean), value),
            ValueKind.Int8 => Call(nameof(ByteWriter.WriteByte), Expression.Convert(value, typeof(byte))),
            ValueKind.UInt8 => Call(nameof(ByteWriter.WriteByte), value),
            ValueKind.Int16 => Call(nameof(ByteWriter.WriteInt16), value),
            ValueKind.UInt16 => Call(nameof(ByteWriter.WriteInt16), Expression.Convert(value, typeof(short))),
            ValueKind.Int32 or ValueKind.Date => Call(nameof(ByteWriter.WriteInt32), value),
            ValueKind.UInt32 => Call(nameof(ByteWriter.WriteInt32), Expression.Convert(value, typeof(int))),
            ValueKind.Int64 or ValueKind.Timestamp or ValueKind.Duration => Call(nameof(ByteWriter.WriteInt64), value),
            ValueKind.UInt64 => Call(nameof(ByteWriter.WriteInt64), Expression.Convert(value, typeof(long))),
            ValueKind.Float32 => Call(nameof(ByteWriter.WriteFloat32), Canonical(value)),
            ValueKind.Float64 => Call(nameof(ByteWriter.WriteFloat64), Canonical(value)),
            ValueKind.Decimal => Call(nameof(ByteWriter.WriteInt128), Expression.Call(typeof(DecimalUnits), nameof(DecimalUnits.FromDecimal), null, value)),
            ValueKind.String => Call(nameof(ByteWriter.WriteString), value),
            ValueKind.Guid => Call(nameof(ByteWriter.WriteGuid), value),
            ValueKind.Binary => Call(nameof(ByteWriter.WriteByteArray), value),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No event property has this kind."),
        };

        MethodCallExpression Call(string method, Expression argument) => Expression.Call(writer, method, null, argument);

        static MethodCallExpression Canonical(Expression number) => Expression.Call(typeof(ValueOrder), nameof(ValueOrder.Canonical), null, number);
    }

    private static Expression ReadPresent(Expression reader, ValueKind kind)
    {
        return kind switch
        {
            ValueKind.Boolean => Call(nameof(ByteReader.ReadBoolean)),
            ValueKind.Int8 => Expression.Convert(Call(nameof(ByteReader.ReadByte)), typeof(sbyte)),
            ValueKind.UInt8 => Call(nameof(ByteReader.ReadByte)),
            ValueKind.Int16 => Call(nameof(ByteReader.ReadInt16)),
            ValueKind.UInt16 => Expression.Convert(Call(nameof(ByteReader.ReadInt16)), typeof(ushort)),
            ValueKind.Int32 or ValueKind.Date => Call(nameof(ByteReader.ReadInt32)),
            ValueKind.UInt32 => Expression.Convert(Call(nameof(ByteReader.ReadInt32)), typeof(uint)),
            ValueKind.Int64 or ValueKind.Timestamp or ValueKind.Duration => Call(nameof(ByteReader.ReadInt64)),
            ValueKind.UInt64 => Expression.Convert(Call(nameof(ByteReader.ReadInt64)), typeof(ulong)),
            ValueKind.Float32 => Call(nameof(ByteReader.ReadFloat32)),
            ValueKind.Float64 => Call(nameof(ByteReader.ReadFloat64)),
            ValueKind.Decimal => Expression.Call(typeof(DecimalUnits), nameof(DecimalUnits.ToDecimal), null, Call(nameof(ByteReader.ReadInt128))),
            ValueKind.String => Call(nameof(ByteReader.ReadString)),
            ValueKind.Guid => Call(nameof(ByteReader.ReadGuid)),
            ValueKind.Binary => Call(nameof(ByteReader.ReadByteArray)),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No event property has this kind."),
        };

        MethodCallExpression Call(string method) => Expression.Call(reader, method, null);
    }
}
