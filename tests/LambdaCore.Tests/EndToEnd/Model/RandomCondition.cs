using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.CompilerServices;
using LambdaCore.Views;

namespace LambdaCore.Tests.EndToEnd.Model;

/// <summary>Random conditions on the keys of a view, written as the compiler would write them: pinned, unpinned, and in between.</summary>
internal static class RandomCondition
{
    /// <summary>A condition about some of a key's columns.</summary>
    /// <param name="random">Decides.</param>
    /// <param name="shape">The key's columns.</param>
    /// <param name="sample">Gives keys whose values the condition compares with.</param>
    public static Expression<Func<TKey, bool>> Of<TKey>(Random random, KeyShape shape, Func<TKey> sample)
    {
        ParameterExpression key = Expression.Parameter(typeof(TKey), "k");
        Expression? body = null;
        foreach (KeyMember member in shape.Members.Where(_ => random.Next(3) > 0).ToList() is { Count: > 0 } some ? some : [shape.Members[0]])
        {
            Expression one = random.Next(6) switch
            {
                0 => Expression.Not(Equal(random, member, key, sample())),
                1 => Expression.OrElse(Equal(random, member, key, sample()), Equal(random, member, key, sample())),
                2 => Order(random, member, key, sample()) ?? Equal(random, member, key, sample()),
                _ => Equal(random, member, key, sample()),
            };
            body = body is null ? one : random.Next(8) == 0 ? Expression.OrElse(body, one) : random.Next(2) == 0 ? Expression.AndAlso(body, one) : Expression.AndAlso(one, body);
        }

        return Expression.Lambda<Func<TKey, bool>>(body!, key);
    }

    /// <summary>Two sides of a comparison as C# writes them: enums and small integers as what they are computed in.</summary>
    public static (Expression Column, Expression Value) AsComputed(Expression column, Expression value)
    {
        Type core = Nullable.GetUnderlyingType(column.Type) ?? column.Type;
        Type? computed = core.IsEnum ? Promoted(Enum.GetUnderlyingType(core)) ?? Enum.GetUnderlyingType(core) : Promoted(core);
        if (computed is null)
        {
            return (column, value);
        }

        Type target = core == column.Type ? computed : typeof(Nullable<>).MakeGenericType(computed);
        return (Expression.Convert(column, target), Expression.Convert(value, target));
    }

    private static Expression Equal<TKey>(Random random, KeyMember member, Expression key, TKey sample)
    {
        (Expression column, Expression value) = Sides(random, member, key, sample);
        if (column.Type == typeof(bool) && random.Next(2) == 0)
        {
            return random.Next(2) == 0 ? column : Expression.Not(column);
        }

        return random.Next(4) == 0 ? Expression.Equal(value, column) : random.Next(8) == 0 ? Expression.NotEqual(column, value) : Expression.Equal(column, value);
    }

    private static BinaryExpression? Order<TKey>(Random random, KeyMember member, Expression key, TKey sample)
    {
        (Expression column, Expression value) = Sides(random, member, key, sample);
        Type core = Nullable.GetUnderlyingType(column.Type) ?? column.Type;
        bool hasOrder = core != typeof(bool) && (core.IsPrimitive || core == typeof(decimal) || core == typeof(DateTimeOffset) || core == typeof(DateTime) || core == typeof(DateOnly) || core == typeof(TimeSpan));
        return !hasOrder ? null : random.Next(2) == 0 ? Expression.LessThan(column, value) : Expression.GreaterThanOrEqual(column, value);
    }

    private static (Expression Column, Expression Value) Sides<TKey>(Random random, KeyMember member, Expression key, TKey sample)
    {
        Expression column = member.Member is null ? key : Expression.MakeMemberAccess(key, member.Member);
        object? value = Spoil(random, ReadMember(member.Member, sample));
        Expression other = random.Next(2) == 0 ? Expression.Constant(value, column.Type) : Captured(value, column.Type);

        return AsComputed(column, other);
    }

    private static Type? Promoted(Type type) =>
        type == typeof(sbyte) || type == typeof(byte) || type == typeof(short) || type == typeof(ushort) ? typeof(int) : null;

    /// <summary>Values that are equal, or nearly so, without being the same.</summary>
    private static object? Spoil(Random random, object? value) => random.Next(3) > 0 ? value : value switch
    {
        DateTimeOffset time when random.Next(2) == 0 && time.UtcTicks < DateTimeOffset.MaxValue.UtcTicks => time.AddTicks(1),
        DateTimeOffset time when time > DateTimeOffset.MinValue.AddDays(1) && time < DateTimeOffset.MaxValue.AddDays(-1) => time.ToOffset(TimeSpan.FromHours(3)),
        DateTime time when time.Ticks < DateTime.MaxValue.Ticks => time.AddTicks(1),
        0.0 => -0.0,
        0f => -0f,
        decimal number when Math.Abs(number) < 1_000_000 => number * 1.000m,
        byte[] bytes => (byte[])[.. bytes],
        _ => value,
    };

    private static object? ReadMember(MemberInfo? member, object? key) => member switch
    {
        null => key,
        PropertyInfo property => property.GetValue(key),
        _ => ((FieldInfo)member).GetValue(key),
    };

    /// <summary>A captured variable, as the compiler writes it: a field of an object.</summary>
    private static MemberExpression Captured(object? value, Type type)
    {
        object box = Activator.CreateInstance(typeof(StrongBox<>).MakeGenericType(type), value)!;
        return Expression.Field(Expression.Constant(box), "Value");
    }
}
