using System.Linq.Expressions;
using System.Reflection;
using LambdaCore.Aggregates;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>What a call of an aggregate in a definition means.</summary>
/// <param name="Function">The aggregate.</param>
/// <param name="Inputs">The values that enter it, of the kinds of its inputs.</param>
/// <param name="Filter">The condition on events; null if all count.</param>
internal sealed record AggregateCall(AggregateFunction Function, IReadOnlyList<Scalar> Inputs, Scalar? Filter)
{
    /// <summary>Translates a call.</summary>
    /// <param name="draft">The view so far.</param>
    /// <param name="group">The group that it is called on.</param>
    /// <param name="call">The call.</param>
    /// <exception cref="ViewDefinitionException">It cannot be translated.</exception>
    public static AggregateCall Of(ViewDraft draft, ParameterExpression group, MethodCallExpression call) => new Reader(draft, group, call).Read();

    /// <summary>Reads one call.</summary>
    private sealed class Reader(ViewDraft draft, ParameterExpression group, MethodCallExpression call)
    {
        private readonly string _name = call.Method.Name;

        public AggregateCall Read() => _name switch
        {
            nameof(EventGroup<,>.Count) => new AggregateCall(AggregateFunctions.Count(), [], call.Arguments.Count == 0 ? null : Condition(0)),
            nameof(EventGroup<,>.Sum) => Over(AggregateFunctions.Sum, Number(0)),
            nameof(EventGroup<,>.Average) => Over(AggregateFunctions.Average, Number(0)),
            nameof(EventGroup<,>.Min) => Over(AggregateFunctions.Min, Result(0)),
            nameof(EventGroup<,>.Max) => Over(AggregateFunctions.Max, Result(0)),
            nameof(EventGroup<,>.Earliest) => Over(AggregateFunctions.Earliest, Result(0)),
            nameof(EventGroup<,>.Latest) => Over(AggregateFunctions.Latest, Result(0)),
            nameof(EventGroup<,>.MinBy) => By(AggregateFunctions.MinBy),
            nameof(EventGroup<,>.MaxBy) => By(AggregateFunctions.MaxBy),
            nameof(EventGroup<,>.Aggregate) => Users(),
            nameof(EventGroup<,>.ApproxDistinct) => Over(
                input => AggregateFunctions.ApproxDistinct(input, Parameter(1, Precision.Default, "the precision", "Write a number from 4 to 18.")), Value(0)),
            nameof(EventGroup<,>.Quantile) => Over(
                input => AggregateFunctions.Quantile(input, Required<double>(1, "the share", "Write a number from 0 to 1."), Parameter(2, Quantile.DefaultAccuracy, "the accuracy", "Write a number, like 0.01 for 1 %.")), Measure(0)),
            nameof(EventGroup<,>.Variance) => Spread(isSample: true, isRoot: false),
            nameof(EventGroup<,>.PopulationVariance) => Spread(isSample: false, isRoot: false),
            nameof(EventGroup<,>.StandardDeviation) => Spread(isSample: true, isRoot: true),
            nameof(EventGroup<,>.PopulationStandardDeviation) => Spread(isSample: false, isRoot: true),
            nameof(EventGroup<,>.Histogram) => Over(input => AggregateFunctions.Histogram(input, Required<double[]>(1, "its edges", "Write numbers in ascending order.")), Measure(0)),
            nameof(EventGroup<,>.CountDistinct) => Over(
                input => AggregateFunctions.CountDistinct(input, Number(1, "the limit"), Parameter(2, WhenExceeded.Fail, "what to do beyond the limit", "Write WhenExceeded.Fail or WhenExceeded.Approximate.")), Value(0)),
            nameof(EventGroup<,>.TopK) => Over(input => AggregateFunctions.TopK(input, TypeOf(0), Number(1, "the number of values"), Parameter(2, (int?)null, "the capacity", "Write a number.")), Value(0)),
            nameof(EventGroup<,>.FirstN) => Over(input => AggregateFunctions.FirstN(input, TypeOf(0), Number(1, "the number of values")), Value(0)),
            nameof(EventGroup<,>.LastN) => Over(input => AggregateFunctions.LastN(input, TypeOf(0), Number(1, "the number of values")), Value(0)),
            _ => throw Refuse(call, "it is no aggregate that can be translated.", "Use g.Count(), g.Sum(...) and the others."),
        };

        private AggregateCall By(Func<ScalarType, ScalarType, AggregateFunction> choose)
        {
            Scalar value = Result(0);
            LambdaExpression by = Lambda(1);
            Scalar order = Value(1);
            if (order.Type.IsNullable && !Presence.IsOptional(call.Type))
            {
                throw Refuse(by.Body, $"it may be missing (null, an overflow or a division by zero), but the result of {_name} here cannot.", $"Give a default with ??, or write {_name}(... => ({call.Type.Name}?)(...), ...).");
            }

            return Over(() => choose(value.Type, order.Type), value, order);
        }

        /// <summary>An aggregate of the host application: its type is the first type argument, its input the second or the next two.</summary>
        private AggregateCall Users()
        {
            Type[] types = call.Method.GetGenericArguments();
            Type[] inputs = types[1..^1];
            Scalar[] values = [.. inputs.Select((type, i) => ClrType.TryGetScalar(type, out _)
                ? Value(i + 1)
                : throw Refuse(call, $"{types[0].Name} takes a {type.Name}, which is no scalar.", "Let it take one value, or a tuple of two."))];
            Type input = inputs.Length == 1 ? inputs[0] : typeof(ValueTuple<,>).MakeGenericType(inputs);
            MethodInfo describe = typeof(UserAggregate<,,>).MakeGenericType(types[0], input, types[^1]).GetMethod("Describe")!;
            return Over(
                () => describe.CreateDelegate<Func<string, IReadOnlyList<ScalarType>, AggregateFunction>>()(draft.Name, [.. inputs.Select(Taken)]),
                values);
        }

        private static ScalarType Taken(Type type)
        {
            _ = ClrType.TryGetScalar(type, out ScalarType scalar);
            return scalar with { IsNullable = Nullable.GetUnderlyingType(type) is not null };
        }

        private AggregateCall Over(Func<ScalarType, AggregateFunction> choose, Scalar input) => Over(() => choose(input.Type), input);

        /// <summary>The call of a function, with inputs of the kinds that the function takes.</summary>
        private AggregateCall Over(Func<AggregateFunction> choose, params IReadOnlyList<Scalar> inputs)
        {
            AggregateFunction function;
            try
            {
                function = choose();
            }
            catch (ArgumentException error)
            {
                throw Refuse(call, error.Message, "");
            }

            return new AggregateCall(function, [.. inputs.Select((input, i) => As(function.Inputs[i].Kind, input))], null);
        }

        private static Scalar As(ValueKind kind, Scalar input) =>
            input.Type.Kind == kind ? input : OperatorTable.Apply(ConversionOperators.NameOf(kind), input);

        /// <summary>The lambda that is an argument.</summary>
        private LambdaExpression Lambda(int argument) => call.Arguments[argument] as LambdaExpression
            ?? throw Refuse(call, "its condition or value is a delegate, which cannot be looked into.", $"Write it in place: {_name}(e => ...).");

        private Scalar Condition(int argument)
        {
            LambdaExpression lambda = Lambda(argument);
            return draft.Translator(lambda).Condition(lambda.Body);
        }

        /// <summary>A value of each event.</summary>
        private Scalar Value(int argument) => Translate(Lambda(argument), body => body);

        /// <summary>A number of each event, computed in 64 bits where that is what sums take.</summary>
        private Scalar Number(int argument)
        {
            LambdaExpression lambda = Lambda(argument);
            Scalar input = Translate(lambda, WideArithmetic.Of);
            if (_name is nameof(EventGroup<,>.Average))
            {
                RequireIfResultIs(lambda, input);
            }

            return input.Type.Kind == ValueKind.UInt64 ? As(ValueKind.Decimal, input) : input;
        }

        /// <summary>A number of each event that is measured as a double.</summary>
        private Scalar Measure(int argument)
        {
            LambdaExpression lambda = Lambda(argument);
            Scalar input = Translate(lambda, WideArithmetic.Of);
            if (_name is nameof(EventGroup<,>.Quantile))
            {
                RequireIfResultIs(lambda, input);
            }

            return input;
        }

        private AggregateCall Spread(bool isSample, bool isRoot) =>
            Over(input => AggregateFunctions.Spread(_name, input, new SpreadMeasure(isSample, isRoot)), Measure(0));

        /// <summary>The type of the values that a lambda gives.</summary>
        private Type TypeOf(int argument) => Lambda(argument).ReturnType;

        /// <summary>A value of each event, one of which is the result.</summary>
        private Scalar Result(int argument)
        {
            LambdaExpression lambda = Lambda(argument);
            Scalar input = Translate(lambda, body => body);
            RequireIfResultIs(lambda, input);
            return input;
        }

        private Scalar Translate(LambdaExpression lambda, Func<Expression, Expression> prepare) =>
            ClrType.TryGetScalar(lambda.ReturnType, out _)
                ? draft.Translator(lambda).Value(prepare(lambda.Body))
                : throw Refuse(lambda, $"values of type {lambda.ReturnType.Name} are no scalars.", "Aggregate one property at a time.");

        private void RequireIfResultIs(LambdaExpression lambda, Scalar input)
        {
            if (lambda.ReturnType.IsValueType && Nullable.GetUnderlyingType(lambda.ReturnType) is null && input.Type.IsNullable)
            {
                throw Refuse(lambda.Body, $"it may be missing (null, an overflow or a division by zero), but the result of {_name} here cannot.", $"Write {_name}({lambda.Parameters[0].Name} => ({lambda.ReturnType.Name}?)(...)), or give a default with ??.");
            }
        }

        /// <summary>An argument that is known when the view is defined.</summary>
        private T Parameter<T>(int argument, T absent, string what, string instead) =>
            call.Arguments.Count <= argument ? absent
            : ClosedExpression.IsClosed(call.Arguments[argument], group) ? (T)ClosedExpression.Evaluate(draft.Name, call.Arguments[argument])!
            : throw Refuse(call, $"{what} must be known when the view is defined.", instead);

        private T Required<T>(int argument, string what, string instead) =>
            Parameter(argument, default(T), what, instead) ?? throw Refuse(call, $"{what} cannot be null.", instead);

        private int Number(int argument, string what) => Required<int>(argument, what, "Write a number.");

        private ViewDefinitionException Refuse(Expression part, string why, string instead) => Refusal.Of(draft.Name, part, why, instead);
    }
}
