using System.Linq.Expressions;

namespace LambdaCore.Values;

/// <summary>
/// The CLR types that properties and keys may have, and their conversion to and from the library's own
/// representation (<see cref="ScalarType.Representation"/>).
/// </summary>
internal static class ClrType
{
    /// <summary>The types that may be used, as a list for error messages.</summary>
    public const string Supported =
        "bool, the integer types, float, double, decimal, string, Guid, DateTimeOffset, DateTime (UTC), DateOnly, TimeSpan, enums, byte[], and the nullable form of each";

    private static readonly Dictionary<Type, ValueKind> Kinds = new()
    {
        [typeof(bool)] = ValueKind.Boolean,
        [typeof(sbyte)] = ValueKind.Int8,
        [typeof(byte)] = ValueKind.UInt8,
        [typeof(short)] = ValueKind.Int16,
        [typeof(ushort)] = ValueKind.UInt16,
        [typeof(int)] = ValueKind.Int32,
        [typeof(uint)] = ValueKind.UInt32,
        [typeof(long)] = ValueKind.Int64,
        [typeof(ulong)] = ValueKind.UInt64,
        [typeof(float)] = ValueKind.Float32,
        [typeof(double)] = ValueKind.Float64,
        [typeof(decimal)] = ValueKind.Decimal,
        [typeof(string)] = ValueKind.String,
        [typeof(Guid)] = ValueKind.Guid,
        [typeof(DateTimeOffset)] = ValueKind.Timestamp,
        [typeof(DateTime)] = ValueKind.Timestamp,
        [typeof(DateOnly)] = ValueKind.Date,
        [typeof(TimeSpan)] = ValueKind.Duration,
        [typeof(byte[])] = ValueKind.Binary,
    };

    /// <summary>
    /// The scalar type of a CLR type. Reference types count as nullable here; whoever knows the annotation narrows it.
    /// </summary>
    /// <returns>False if values of the type cannot be stored.</returns>
    public static bool TryGetScalar(Type type, out ScalarType scalar)
    {
        Type core = Nullable.GetUnderlyingType(type) ?? type;
        Type stored = core.IsEnum ? Enum.GetUnderlyingType(core) : core;
        bool found = Kinds.TryGetValue(stored, out ValueKind kind);
        scalar = new ScalarType(kind, core != type || !core.IsValueType);
        return found;
    }

    /// <summary>What to use instead of a type that cannot be stored, as the end of an error message.</summary>
    public static string Suggest(Type type) =>
        type == typeof(TimeOnly) ? "Use TimeSpan (TimeOnly.ToTimeSpan)."
        : type == typeof(char) ? "Use string."
        : type == typeof(Uri) || type == typeof(Version) ? "Use string (ToString)."
        : type == typeof(nint) || type == typeof(nuint) ? "Use long."
        : type == typeof(Half) ? "Use float."
        : type == typeof(Int128) || type == typeof(UInt128) || type == typeof(System.Numerics.BigInteger) ? "Use decimal or string."
        : typeof(System.Collections.IEnumerable).IsAssignableFrom(type) ? "Append one event per element, or store the collection as a JSON string or byte[]."
        : $"Use one property per part. Supported are {Supported}.";

    /// <summary>Turns an expression of a CLR type into one of the representation of its scalar type.</summary>
    public static Expression ToRepresentation(Expression value)
    {
        Type type = value.Type;
        Type? core = Nullable.GetUnderlyingType(type);
        if (core is not null && NeedsConversion(core))
        {
            Expression inner = ToRepresentation(Expression.Property(value, nameof(Nullable<>.Value)));
            Type target = typeof(Nullable<>).MakeGenericType(inner.Type);
            return Expression.Condition(
                Expression.Property(value, nameof(Nullable<>.HasValue)), Expression.Convert(inner, target), Expression.Default(target));
        }

        return type.IsEnum ? Expression.Convert(value, Enum.GetUnderlyingType(type))
            : type == typeof(DateTimeOffset) ? Call(nameof(UnixTime.FromDateTimeOffset), value)
            : type == typeof(DateTime) ? Call(nameof(UnixTime.FromDateTime), value)
            : type == typeof(DateOnly) ? Call(nameof(UnixTime.FromDateOnly), value)
            : type == typeof(TimeSpan) ? Expression.Property(value, nameof(TimeSpan.Ticks))
            : value;
    }

    /// <summary>Turns an expression of a representation into one of a CLR type of the same scalar type.</summary>
    public static Expression FromRepresentation(Expression value, Type type)
    {
        Type? core = Nullable.GetUnderlyingType(type);
        if (core is not null && NeedsConversion(core))
        {
            if (Nullable.GetUnderlyingType(value.Type) is null)
            {
                return Expression.Convert(FromRepresentation(value, core), type);
            }

            // Computed once, since computing it may read it from somewhere.
            ParameterExpression local = Expression.Variable(value.Type);
            return Expression.Block(
                [local],
                Expression.Assign(local, value),
                Expression.Condition(
                    Expression.Property(local, nameof(Nullable<>.HasValue)),
                    Expression.Convert(FromRepresentation(Expression.Property(local, nameof(Nullable<>.Value)), core), type),
                    Expression.Default(type)));
        }

        return type.IsEnum ? Expression.Convert(value, type)
            : type == typeof(DateTimeOffset) ? Call(nameof(UnixTime.ToDateTimeOffset), value)
            : type == typeof(DateTime) ? Call(nameof(UnixTime.ToDateTime), value)
            : type == typeof(DateOnly) ? Call(nameof(UnixTime.ToDateOnly), value)
            : type == typeof(TimeSpan) ? Expression.Call(typeof(TimeSpan), nameof(TimeSpan.FromTicks), null, value)
            : value.Type == type ? value
            : Expression.Convert(value, type);
    }

    private static bool NeedsConversion(Type core) =>
        core.IsEnum || core == typeof(DateTimeOffset) || core == typeof(DateTime) || core == typeof(DateOnly) || core == typeof(TimeSpan);

    private static MethodCallExpression Call(string method, Expression value) => Expression.Call(typeof(UnixTime), method, null, value);
}
