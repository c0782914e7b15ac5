using System.Collections;
using System.Globalization;
using System.Reflection;
using LambdaCore.Values;

namespace LambdaCore.Serving;

/// <summary>How far two results of a view lie apart: member by member, and element by element where they are lists.</summary>
internal static class ResultDifference
{
    /// <summary>Floating-point numbers that lie no further apart than this part of them differ by rounding.</summary>
    private const double Rounding = 1e-9;

    /// <summary>The largest difference between two numbers, 0 if only other values differ; null if nothing does.</summary>
    /// <param name="old">A result; null for none.</param>
    /// <param name="current">A result; null for none. Where their types differ, they differ without a size.</param>
    public static double? Of(object? old, object? current)
    {
        if (Equals(old, current))
        {
            return null;
        }

        if (old is not null && current is not null && old.GetType() != current.GetType())
        {
            return 0; // One of them is the message of a result that cannot be read.
        }

        if (Number(old) is not null || Number(current) is not null)
        {
            return OfNumbers(old, current);
        }

        object some = (old ?? current)!;
        if (some is string || ClrType.TryGetScalar(some.GetType(), out _))
        {
            return 0;
        }

        return some is IEnumerable
            ? OfLists((old as IEnumerable)?.Cast<object?>().ToList() ?? [], (current as IEnumerable)?.Cast<object?>().ToList() ?? [])
            : Largest(MembersOf(some.GetType()).Select(m => Of(old is null ? null : m(old), current is null ? null : m(current))).Append(old is null || current is null ? 0 : null));
    }

    private static double? OfNumbers(object? old, object? current)
    {
        double left = Number(old) ?? 0;
        double right = Number(current) ?? 0;
        double size = Math.Abs(left - right);
        bool isRounding = old is double or float && current is double or float && size <= Rounding * Math.Max(Math.Abs(left), Math.Abs(right));
        return isRounding ? null : double.IsNaN(size) ? double.PositiveInfinity : size;
    }

    private static double? OfLists(List<object?> old, List<object?> current) => Largest(
        Enumerable.Range(0, Math.Max(old.Count, current.Count))
            .Select(i => Of(i < old.Count ? old[i] : null, i < current.Count ? current[i] : null))
            .Append(old.Count == current.Count ? null : 0));

    private static double? Largest(IEnumerable<double?> sizes) => sizes.Max();

    private static double? Number(object? value) => value switch
    {
        sbyte or byte or short or ushort or int or uint or long or ulong or float or double or decimal => ((IConvertible)value).ToDouble(CultureInfo.InvariantCulture),
        TimeSpan length => length.TotalSeconds,
        _ => null,
    };

    private static IEnumerable<Func<object, object?>> MembersOf(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanRead && p.GetIndexParameters().Length == 0).Select(p => (Func<object, object?>)p.GetValue)
            .Concat(type.GetFields(BindingFlags.Public | BindingFlags.Instance).Select(f => (Func<object, object?>)f.GetValue));
}
