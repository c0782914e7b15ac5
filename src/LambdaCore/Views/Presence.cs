using System.Linq.Expressions;

namespace LambdaCore.Views;

/// <summary>Builds C# about whether a value in its representation is there.</summary>
internal static class Presence
{
    /// <summary>Whether a type can hold a missing value.</summary>
    public static bool IsOptional(Type type) => !type.IsValueType || Nullable.GetUnderlyingType(type) is not null;

    /// <summary>A test for a missing value.</summary>
    public static Expression IsMissing(Expression value) =>
        !value.Type.IsValueType ? Expression.ReferenceEqual(value, Expression.Constant(null))
        : Nullable.GetUnderlyingType(value.Type) is not null ? Expression.Not(Expression.Property(value, nameof(Nullable<>.HasValue)))
        : Expression.Constant(false);

    /// <summary>A test for a value.</summary>
    public static Expression IsPresent(Expression value) =>
        value.Type.IsValueType && Nullable.GetUnderlyingType(value.Type) is not null
            ? Expression.Property(value, nameof(Nullable<>.HasValue))
            : Expression.Not(IsMissing(value));

    /// <summary>The value of something known to be there.</summary>
    public static Expression Value(Expression value) =>
        Nullable.GetUnderlyingType(value.Type) is not null ? Expression.Call(value, nameof(Nullable<>.GetValueOrDefault), null) : value;

    /// <summary>The type that holds a value or its absence.</summary>
    public static Type Optional(Type type) => IsOptional(type) ? type : typeof(Nullable<>).MakeGenericType(type);

    /// <summary>Converts between the nullable and the plain form of a representation.</summary>
    public static Expression As(Expression value, Type type) => value.Type == type ? value : Expression.Convert(value, type);

    /// <summary>Combines two values of one kind in one type, nullable if either is.</summary>
    public static Expression Unify(Expression left, Expression right, Func<Expression, Expression, Expression> combine)
    {
        Type type = Nullable.GetUnderlyingType(right.Type) is not null ? right.Type : left.Type;
        return combine(As(left, type), As(right, type));
    }
}
