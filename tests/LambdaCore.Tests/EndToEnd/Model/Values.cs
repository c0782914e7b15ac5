using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using System.Text;

namespace LambdaCore.Tests.EndToEnd.Model;

/// <summary>
/// What it means for keys and results to be equal, and to stand in order, said once more and independently of the library:
/// by looking at their members one by one.
/// </summary>
internal static class Values
{
    private static readonly ConcurrentDictionary<Type, PropertyInfo[]> Known = new();

    /// <summary>The members of a record or anonymous type, in order; empty for a scalar.</summary>
    public static PropertyInfo[] MembersOf(Type type) => Known.GetOrAdd(type, t => IsScalar(t) || IsList(t)
        ? []
        : [.. t.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.GetIndexParameters().Length == 0).OrderBy(p => p.MetadataToken)]);

    /// <summary>Whether two values are the same: NaN is NaN, negative zero is zero, arrays are their content.</summary>
    /// <param name="expected">One value.</param>
    /// <param name="actual">The other.</param>
    /// <param name="tolerance">By how much doubles may differ; infinite to let any pass.</param>
    public static bool Same(object? expected, object? actual, double tolerance = 0)
    {
        if (expected is null || actual is null)
        {
            return expected is null && actual is null;
        }

        PropertyInfo[] members = MembersOf(expected.GetType());
        return members.Length > 0 ? members.All(m => Same(m.GetValue(expected), m.GetValue(actual), tolerance))
            : IsList(expected.GetType()) ? SameItems((IEnumerable)expected, (IEnumerable)actual, tolerance)
            : expected is double left && actual is double right ? left.Equals(right) || (tolerance > 0 && IsNear(left, right, tolerance))
            : expected is byte[] bytes && actual is byte[] others ? bytes.AsSpan().SequenceEqual(others)
            : expected.Equals(actual);
    }

    /// <summary>Whether a type is a list of values, which has no order.</summary>
    public static bool IsList(Type type) => typeof(IEnumerable).IsAssignableFrom(type) && type != typeof(string) && type != typeof(byte[]);

    /// <summary>Compares two keys, column by column: missing first, text by its UTF-8 bytes, NaN last.</summary>
    public static int Compare(object? left, object? right)
    {
        if (left is null || right is null)
        {
            return (left is null ? 0 : 1) - (right is null ? 0 : 1);
        }

        foreach (PropertyInfo member in MembersOf(left.GetType()))
        {
            int order = Compare(member.GetValue(left), member.GetValue(right));
            if (order != 0)
            {
                return order;
            }
        }

        return (left, right) switch
        {
            (string a, string b) => Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b)),
            (byte[] a, byte[] b) => a.AsSpan().SequenceCompareTo(b),
            (double a, double b) => double.IsNaN(a) || double.IsNaN(b) ? double.IsNaN(a).CompareTo(double.IsNaN(b)) : a.CompareTo(b) is var order && a == b ? 0 : order,
            (float a, float b) => Compare((double)a, (double)b),
            (Guid a, Guid b) => string.CompareOrdinal(a.ToString(), b.ToString()),
            (IComparable a, _) when MembersOf(a.GetType()).Length == 0 => a.CompareTo(right),
            _ => 0,
        };
    }

    /// <summary>A value for people.</summary>
    public static string Show(object? value) => value switch
    {
        null => "null",
        string text => $"\"{string.Concat(text.Select(c => c is >= ' ' and < (char)127 ? c.ToString() : $"\\u{(int)c:X4}"))}\"",
        byte[] bytes => $"0x{Convert.ToHexString(bytes.AsSpan(0, Math.Min(16, bytes.Length)))}{(bytes.Length > 16 ? $"..({bytes.Length})" : "")}",
        double number => number.ToString("R"),
        DateTimeOffset time => time.ToString("O"),
        DateTime time => time.ToString("O"),
        _ when MembersOf(value.GetType()) is { Length: > 0 } members => $"{{{string.Join(", ", members.Select(m => $"{m.Name}={Show(m.GetValue(value))}"))}}}",
        IEnumerable many => $"[{string.Join(", ", many.Cast<object?>().Select(Show))}]",
        _ => $"{value}",
    };

    private static bool SameItems(IEnumerable expected, IEnumerable actual, double tolerance)
    {
        object?[] left = [.. expected.Cast<object?>()];
        object?[] right = [.. actual.Cast<object?>()];
        return left.Length == right.Length && left.Zip(right).All(p => Same(p.First, p.Second, tolerance));
    }

    private static bool IsNear(double left, double right, double tolerance) =>
        double.IsInfinity(tolerance) || Math.Abs(left - right) <= tolerance + (1e-9 * Math.Abs(left));

    private static bool IsScalar(Type type) =>
        type.IsPrimitive || type.IsEnum || Nullable.GetUnderlyingType(type) is not null || type == typeof(string) || type == typeof(decimal) || type == typeof(Guid)
        || type == typeof(DateTimeOffset) || type == typeof(DateTime) || type == typeof(DateOnly) || type == typeof(TimeSpan) || type == typeof(byte[]);
}
