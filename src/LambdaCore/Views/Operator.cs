using System.Linq.Expressions;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>What an operator does with a missing argument.</summary>
internal enum MissingRule
{
    /// <summary>The result is missing.</summary>
    Propagates,

    /// <summary>The result is false.</summary>
    IsFalse,

    /// <summary>The operator's own forms take missing arguments.</summary>
    Own,
}

/// <summary>
/// One operator on arguments of given kinds: the single place that says what it means, as SQL and as C#. The
/// differential test drives every operator of <see cref="OperatorTable"/> through both.
/// </summary>
internal sealed class Operator(string name, IReadOnlyList<ValueKind> parameters, ValueKind result)
{
    /// <summary>The name, shared by the operators that do the same to other kinds.</summary>
    public string Name { get; } = name;

    /// <summary>The kinds of the arguments.</summary>
    public IReadOnlyList<ValueKind> Parameters { get; } = parameters;

    /// <summary>The kind of the result.</summary>
    public ValueKind Result { get; } = result;

    /// <summary>The name with the kinds, which is unique.</summary>
    public string Id { get; } = $"{name}<{string.Join(",", parameters)}>";

    /// <summary>What a missing argument does.</summary>
    public MissingRule Missing { get; init; }

    /// <summary>
    /// Builds the C# for an operation that cannot fail. Arguments and result are of their kinds' representation, present
    /// unless <see cref="Missing"/> is <see cref="MissingRule.Own"/>.
    /// </summary>
    public required Func<IReadOnlyList<Expression>, Expression> Evaluate { get; init; }

    /// <summary>Builds the C# for an operation that may fail; its result is of the nullable representation.</summary>
    public Func<IReadOnlyList<Expression>, Expression>? TryEvaluate { get; init; }

    /// <summary>Writes the SQL for an operation that cannot fail.</summary>
    public required Func<IReadOnlyList<SqlText>, SqlText> Sql { get; init; }

    /// <summary>
    /// Writes the SQL for an operation that may fail, if it differs: NULL where it fails. It must not raise an error and catch it
    /// by TRY: DuckDB's optimizer moves repeated parts of a query out of TRY.
    /// </summary>
    public Func<IReadOnlyList<SqlText>, SqlText>? TrySql { get; init; }

    /// <summary>Whether the operation may fail for arguments that are present.</summary>
    public Func<IReadOnlyList<Scalar>, bool>? FailsFor { get; init; }

    /// <summary>For <see cref="MissingRule.Own"/>: whether the result may be missing.</summary>
    public Func<IReadOnlyList<Scalar>, bool> IsNullable { get; init; } = _ => false;

    /// <summary>The range of the result before it is fitted to its kind, for whole numbers.</summary>
    public Func<IReadOnlyList<IntegerRange>, IntegerRange>? Range { get; init; }

    /// <summary>The function that DuckDB must know, if the SQL calls one that is written in C#.</summary>
    public CallbackFunction? Callback { get; init; }

    /// <summary>The windows whose start the operator gives; null for all other operators.</summary>
    public WindowAssigner? Window { get; init; }

    /// <summary>Whether the operation may have no value although its arguments are present.</summary>
    public bool MayFail(IReadOnlyList<Scalar> arguments) => TryEvaluate is not null && (FailsFor is not null
        ? FailsFor(arguments)
        : RawRange(arguments) is not { } range || !IntegerRange.Of(Result)!.Value.Contains(range));

    /// <summary>The range of the result.</summary>
    public IntegerRange? RangeOf(IReadOnlyList<Scalar> arguments) =>
        IntegerRange.Of(Result) is not { } limits ? null
        : RawRange(arguments) is { } range ? range.Within(limits)
        : limits;

    private IntegerRange? RawRange(IReadOnlyList<Scalar> arguments)
    {
        if (Range is null)
        {
            return null;
        }

        IntegerRange[] ranges = [.. arguments.Where(a => a.Range is not null).Select(a => a.Range!.Value)];
        return Range(ranges);
    }
}
