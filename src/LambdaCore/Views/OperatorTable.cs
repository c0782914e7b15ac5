using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>
/// Every operator that a definition may use: the one place where an operation's meaning is written down, once as
/// SQL and once as C#. What holds for all of them:
/// <list type="bullet">
/// <item>A computation without a value is missing: overflow of whole numbers and decimals, their division or modulo by zero, a
/// conversion out of range, arithmetic on a missing operand. It is NULL in SQL and null in C#; nothing throws.</item>
/// <item><c>==</c> takes missing for a value equal to itself only, and <c>!=</c> is its negation, as with C#'s nullables;
/// <c>&lt; &lt;= &gt; &gt;=</c> are false for a missing operand. So a condition is never missing.</item>
/// <item>Whole numbers compute in C#'s promoted type; quotients and conversions cut towards zero; a remainder has the dividend's sign.</item>
/// <item>Floating-point numbers follow IEEE 754 in their own precision, NaN comparing as in C#; the sign of a zero is never seen.</item>
/// <item>Decimals are rounded to nine digits after the point, half to even, within the range of <see cref="decimal"/>.</item>
/// <item>Text is compared, searched and cut ordinally; positions and lengths count UTF-16 units.</item>
/// <item>Times are UTC microseconds, without their offset; members of a time are those of UTC.</item>
/// </list>
/// </summary>
internal static class OperatorTable
{
    private static readonly Dictionary<string, Operator> ById = Build();

    /// <summary>All operators.</summary>
    public static IReadOnlyCollection<Operator> All => ById.Values;

    /// <summary>The functions that DuckDB must know before it can run any view.</summary>
    public static IEnumerable<CallbackFunction> Callbacks => All.Where(o => o.Callback is not null).Select(o => o.Callback!);

    /// <summary>The operator of a name for arguments of some kinds, or null.</summary>
    public static Operator? Find(string name, params IReadOnlyList<ValueKind> parameters) =>
        ById.GetValueOrDefault($"{name}<{string.Join(",", parameters)}>");

    /// <summary>Applies an operator that is known to exist.</summary>
    public static CallScalar Apply(string name, params IReadOnlyList<Scalar> arguments) =>
        TryApply(name, arguments) ?? throw new InvalidOperationException($"There is no operator {name} for ({string.Join(", ", arguments.Select(a => a.Type))}).");

    /// <summary>Applies an operator, or gives null if there is none for the arguments' kinds.</summary>
    public static CallScalar? TryApply(string name, params IReadOnlyList<Scalar> arguments) =>
        Find(name, [.. arguments.Select(a => a.Type.Kind)]) is { } found ? new CallScalar(found, arguments) : null;

    private static Dictionary<string, Operator> Build()
    {
        IEnumerable<Operator>[] chapters =
        [
            LogicOperators.All, ComparisonOperators.All, IntegerOperators.All, FloatOperators.All, DecimalOperators.All,
            ConversionOperators.All, TextOperators.All, TimeOperators.All,
        ];
        return chapters.SelectMany(c => c).ToDictionary(o => o.Id);
    }
}
