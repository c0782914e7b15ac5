namespace LambdaCore.Values;

/// <summary>The kind of a scalar value, and whether it may be missing.</summary>
/// <param name="Kind">The kind of the value when there is one.</param>
/// <param name="IsNullable">Whether the value may be missing.</param>
internal readonly record struct ScalarType(ValueKind Kind, bool IsNullable)
{
    /// <summary>The representation of a value inside the library: a <see cref="Nullable{T}"/> where a value type may be missing.</summary>
    public Type Representation
    {
        get
        {
            Type type = RepresentationOf(Kind);
            return IsNullable && type.IsValueType ? typeof(Nullable<>).MakeGenericType(type) : type;
        }
    }

    /// <summary>The representation of a value of a kind that is not missing.</summary>
    public static Type RepresentationOf(ValueKind kind) => kind switch
    {
        ValueKind.Boolean => typeof(bool),
        ValueKind.Int8 => typeof(sbyte),
        ValueKind.UInt8 => typeof(byte),
        ValueKind.Int16 => typeof(short),
        ValueKind.UInt16 => typeof(ushort),
        ValueKind.Int32 or ValueKind.Date => typeof(int),
        ValueKind.UInt32 => typeof(uint),
        ValueKind.Int64 or ValueKind.Timestamp or ValueKind.Duration => typeof(long),
        ValueKind.UInt64 => typeof(ulong),
        ValueKind.Int128 => typeof(Int128),
        ValueKind.Float32 => typeof(float),
        ValueKind.Float64 => typeof(double),
        ValueKind.Decimal => typeof(decimal),
        ValueKind.String => typeof(string),
        ValueKind.Guid => typeof(Guid),
        ValueKind.Binary or ValueKind.Sketch => typeof(byte[]),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    /// <summary>The same kind, possibly missing.</summary>
    public ScalarType AsNullable() => this with { IsNullable = true };

    /// <summary>The same kind, never missing.</summary>
    public ScalarType AsRequired() => this with { IsNullable = false };

    /// <inheritdoc/>
    public override string ToString() => IsNullable ? $"{Kind}?" : $"{Kind}";
}
