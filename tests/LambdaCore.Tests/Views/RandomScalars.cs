using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Tests.Views;

/// <summary>Random expressions over <see cref="Anything"/>, from the operator table: a new operator is used without being named here.</summary>
internal sealed class RandomScalars(NastyValues values, EventSchema schema)
{
    /// <summary>Operators that give the start of a window, which the table cannot list.</summary>
    public static IReadOnlyList<Operator> Windows { get; } =
    [
        .. new (long Size, long Offset)[] { (1, 0), (60_000_000, 7), (3_600_000_000, 0), (86_400_000_000, -1), (7, 9), (46_800_000_001, 15_600_000_000), (400_000_000_000_000_000, 5_000_000_000) }
            .Select(w => WindowOperator.Of(new TumblingWindows(TimeSpan.FromMicroseconds(w.Size), TimeSpan.FromMicroseconds(w.Offset)))),
        WindowOperator.Of(Window.Even(TimeSpan.FromDays(1), default, "Europe/Berlin")),
        WindowOperator.Of(Window.Even(TimeSpan.FromHours(1), default, "Australia/Lord_Howe")),
        WindowOperator.Of(Window.Months("America/Havana")),
    ];

    private static readonly ILookup<ValueKind, Operator> ByResult = OperatorTable.All.Concat(Windows).ToLookup(o => o.Result);

    private readonly Random _random = values.Random;

    /// <summary>An expression of any kind.</summary>
    public Scalar Any(int depth) => Of(LogicOperators.PropertyKinds[_random.Next(LogicOperators.PropertyKinds.Count)], depth);

    /// <summary>An expression of one kind.</summary>
    public Scalar OfKind(ValueKind kind, int depth) => Of(kind, depth);

    /// <summary>An operator applied to random arguments.</summary>
    public Scalar Call(Operator @operator, int depth)
    {
        Scalar[] arguments = [.. @operator.Parameters.Select((kind, i) => Unwrap(@operator, i, Of(kind, depth)))];

        // What does not depend on the event is never an operation, since the translator evaluates it.
        if (arguments.All(a => a is ConstantScalar))
        {
            arguments[0] = Unwrap(@operator, 0, Column(@operator.Parameters[0], _random.Next(2) == 0));
        }

        return new CallScalar(@operator, arguments);
    }

    /// <summary>A column.</summary>
    public Scalar Column(ValueKind kind, bool isNullable)
    {
        EventProperty[] fitting = [.. schema.Properties.Where(p => p.Type == new ScalarType(kind, isNullable))];
        return new ColumnScalar(fitting[_random.Next(fitting.Length)]);
    }

    /// <summary>A constant.</summary>
    public Scalar Constant(ValueKind kind, bool isMissing) => new ConstantScalar(kind, isMissing ? null : values.Of(kind));

    private Scalar Of(ValueKind kind, int depth)
    {
        Operator[] candidates = [.. ByResult[kind]];
        if (depth <= 0 || candidates.Length == 0)
        {
            return Leaf(kind);
        }

        if (kind == ValueKind.Boolean && _random.Next(6) == 0)
        {
            return Membership(depth - 1);
        }

        return Call(candidates[_random.Next(candidates.Length)], depth - 1);
    }

    private static Scalar Unwrap(Operator @operator, int index, Scalar argument)
    {
        // A condition is never missing; only these take a nullable bool.
        bool takesMissing = @operator.Name is "IsMissing" or "Coalesce" or "Equal" or "NotEqual" || (@operator.Name == "Choose" && index > 0);
        return argument.Type is { Kind: ValueKind.Boolean, IsNullable: true } && !takesMissing ? ScalarTranslator.Unwrap(argument) : argument;
    }

    private MembershipScalar Membership(int depth)
    {
        ValueKind[] kinds = [.. LogicOperators.PropertyKinds.Where(k => k is not ValueKind.Binary)];
        ValueKind kind = kinds[_random.Next(kinds.Length)];
        ConstantScalar[] members = [.. Enumerable.Range(0, _random.Next(12)).Select(_ => (ConstantScalar)Constant(kind, false)).Where(m => !m.MayBeNaN).DistinctBy(m => m.Text)];
        return new MembershipScalar(Of(kind, depth), members, _random.Next(3) == 0);
    }

    private Scalar Leaf(ValueKind kind) => _random.Next(10) switch
    {
        < 4 => Column(kind, false),
        < 7 => Column(kind, true),
        < 8 => Constant(kind, false),
        < 9 => OperatorTable.Apply("Coalesce", Column(kind, true), Constant(kind, false)),
        _ => Constant(kind, _random.Next(3) == 0),
    };
}
