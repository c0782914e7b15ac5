using System.Collections;
using System.Linq.Expressions;
using System.Reflection;
using LambdaCore.Values;

namespace LambdaCore.Serving;

/// <summary>Blends two results of one view.</summary>
/// <param name="realTime">The real-time value.</param>
/// <param name="batch">The batch value.</param>
/// <param name="share">The weight of the batch value.</param>
internal delegate TResult BlendResults<TResult>(TResult realTime, TResult batch, BatchShare share);

/// <summary>
/// Writes the blend of a result type: of a number the mean, of a record, struct, class or anonymous type a new one of the blended
/// members. It is put together by the public constructor that takes most members and by setters; members that have neither are taken to be computed.
/// </summary>
internal static class ResultBlend
{
    private static readonly HashSet<Type> Integers =
        [typeof(sbyte), typeof(byte), typeof(short), typeof(ushort), typeof(int), typeof(uint), typeof(long), typeof(ulong)];

    /// <summary>Writes the blend of a result type.</summary>
    /// <param name="view">The view, for the message.</param>
    /// <exception cref="ArgumentException">Results of the type cannot be put together anew; the message names the member.</exception>
    public static Expression<BlendResults<TResult>> Of<TResult>(string view)
    {
        ParameterExpression realTime = Expression.Parameter(typeof(TResult), "realTime");
        ParameterExpression batch = Expression.Parameter(typeof(TResult), "batch");
        ParameterExpression share = Expression.Parameter(typeof(BatchShare), "share");
        Expression body = TryBlend(realTime, batch, share) ?? Compose(view, typeof(TResult), realTime, batch, share);
        if (!typeof(TResult).IsValueType)
        {
            BinaryExpression missing = Expression.OrElse(Expression.ReferenceEqual(realTime, Expression.Constant(null)), Expression.ReferenceEqual(batch, Expression.Constant(null)));
            body = Expression.Condition(missing, realTime, body);
        }

        return Expression.Lambda<BlendResults<TResult>>(body, realTime, batch, share);
    }

    /// <summary>The blend of a value that has no parts; null if it has some.</summary>
    private static Expression? TryBlend(Expression realTime, Expression batch, Expression share)
    {
        Type type = realTime.Type;
        Type core = Nullable.GetUnderlyingType(type) ?? type;
        if (MeanOf(core) is not { } mean)
        {
            return ClrType.TryGetScalar(type, out _) || typeof(IEnumerable).IsAssignableFrom(type) ? realTime : null;
        }

        return core == type
            ? Expression.Call(mean, realTime, batch, share)
            : Expression.Condition(
                Expression.AndAlso(Expression.Property(realTime, nameof(Nullable<>.HasValue)), Expression.Property(batch, nameof(Nullable<>.HasValue))),
                Expression.Convert(
                    Expression.Call(mean, Expression.Property(realTime, nameof(Nullable<>.Value)), Expression.Property(batch, nameof(Nullable<>.Value)), share), type),
                realTime);
    }

    private static MethodInfo? MeanOf(Type number)
    {
        string? name = Integers.Contains(number) ? nameof(NumberBlend.OfIntegers)
            : number == typeof(double) ? nameof(NumberBlend.OfDoubles)
            : number == typeof(float) ? nameof(NumberBlend.OfFloats)
            : number == typeof(decimal) ? nameof(NumberBlend.OfDecimals)
            : null;
        MethodInfo? mean = name is null ? null : typeof(NumberBlend).GetMethod(name)!;
        return mean is { IsGenericMethodDefinition: true } ? mean.MakeGenericMethod(number) : mean;
    }

    private static MemberInitExpression Compose(string view, Type type, Expression realTime, Expression batch, Expression share)
    {
        MemberInfo[] members =
        [
            // As their own type declares them, since a type that inherits a property does not show its private setter.
            .. type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Where(p => p.GetMethod is { IsPublic: true } && p.GetIndexParameters().Length == 0)
                .Select(p => p.DeclaringType == type ? p : p.DeclaringType!.GetProperty(p.Name, p.PropertyType)!),
            .. type.GetFields(BindingFlags.Public | BindingFlags.Instance),
        ];
        if (type.IsAbstract || members.Length == 0 || Nullable.GetUnderlyingType(type) is not null)
        {
            throw Refuse(view, type, "it shows no members to put it together from", "Write a number, a record, a struct with public members, or an anonymous type.");
        }

        ConstructorInfo? constructor = type.GetConstructors()
            .Where(c => c.GetParameters().All(p => MemberOf(members, p) is not null))
            .MaxBy(c => c.GetParameters().Length);
        if (constructor is null && !type.IsValueType)
        {
            throw Refuse(view, type, "no public constructor takes only parameters that have the name and type of a member", "Use a record, or a constructor without parameters and setters.");
        }

        MemberInfo[] parameters = constructor is null ? [] : [.. constructor.GetParameters().Select(p => MemberOf(members, p)!)];
        NewExpression created = constructor is null ? Expression.New(type) : Expression.New(constructor, parameters.Select(Blended));
        MemberAssignment[] assigned = [.. members.Except(parameters).Where(m => IsSettable(view, type, m)).Select(m => Expression.Bind(m, Blended(m)))];
        return parameters.Length + assigned.Length == 0
            ? throw Refuse(view, type, "none of its members can be set", "Use a record, or setters.")
            : Expression.MemberInit(created, assigned);

        Expression Blended(MemberInfo member) =>
            TryBlend(Expression.MakeMemberAccess(realTime, member), Expression.MakeMemberAccess(batch, member), share)
            ?? throw Refuse(view, type, $"its member {member.Name} of type {TypeOf(member)} is neither a number nor a plain value", ClrType.Suggest(TypeOf(member)));
    }

    private static MemberInfo? MemberOf(MemberInfo[] members, ParameterInfo parameter) => Array.Find(
        members, m => TypeOf(m) == parameter.ParameterType && string.Equals(m.Name, parameter.Name, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether a member that no constructor takes has to be set; otherwise it is computed from others.</summary>
    private static bool IsSettable(string view, Type type, MemberInfo member) => member switch
    {
        FieldInfo field => !field.IsInitOnly,
        PropertyInfo { SetMethod: { IsPublic: false } } => throw Refuse(view, type, $"its member {member.Name} cannot be set from outside", "Give it a public init accessor, or make it a parameter of the constructor."),
        _ => ((PropertyInfo)member).SetMethod is not null,
    };

    private static Type TypeOf(MemberInfo member) => member is PropertyInfo property ? property.PropertyType : ((FieldInfo)member).FieldType;

    private static ArgumentException Refuse(string view, Type type, string why, string instead) =>
        new($"View '{view}' cannot be reconciled by Hybrid, since its results of type {type} cannot be blended: {why}. {instead} Or choose another reconciliation.");
}
