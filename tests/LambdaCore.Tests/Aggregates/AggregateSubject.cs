using System.Linq.Expressions;
using LambdaCore.Aggregates;
using LambdaCore.Values;
using NUnit.Framework;
using NUnit.Framework.Constraints;

namespace LambdaCore.Tests.Aggregates;

/// <summary>One event as an aggregate sees it.</summary>
/// <param name="Stamp">Where it stands.</param>
/// <param name="Value">The input's representation; null if it is missing.</param>
/// <param name="Second">The second input's representation; null if it is missing, or if there is none.</param>
internal readonly record struct Sample(EventStamp Stamp, object? Value, object? Second = null);

/// <summary>Any aggregate, its states seen as bytes only: what the laws are stated of.</summary>
internal abstract unsafe class AggregateSubject(AggregateFunction function)
{
    public AggregateFunction Function { get; } = function;

    /// <summary>The aggregates of a kind of input that take it.</summary>
    public static IEnumerable<AggregateSubject> Over(ValueKind kind)
    {
        ScalarType input = new(kind, false);
        if (kind is ValueKind.Int64 or ValueKind.Float64 or ValueKind.Decimal)
        {
            yield return Of(AggregateFunctions.Sum(input));
            yield return Of(AggregateFunctions.Average(input));
        }

        yield return Of(AggregateFunctions.Min(input));
        yield return Of(AggregateFunctions.Max(input));
        yield return Of(AggregateFunctions.Earliest(input));
        yield return Of(AggregateFunctions.Latest(input));
        yield return Of(AggregateFunctions.ApproxDistinct(input, 4));
        yield return Of(AggregateFunctions.ApproxDistinct(input));
        yield return Of(AggregateFunctions.CountDistinct(input, 6, WhenExceeded.Fail));
        yield return Of(AggregateFunctions.CountDistinct(input, 6, WhenExceeded.Approximate));
        yield return Of(AggregateFunctions.TopK(input, ScalarType.RepresentationOf(kind), 3, 16));
        yield return Of(AggregateFunctions.TopK(input, ScalarType.RepresentationOf(kind), 1000, 10_000));
        yield return Of(AggregateFunctions.FirstN(input, ScalarType.RepresentationOf(kind), 1));
        yield return Of(AggregateFunctions.LastN(input, ScalarType.RepresentationOf(kind), 5));
        if (kind == ValueKind.Float64)
        {
            yield return Of(AggregateFunctions.Quantile(input, 0.5));
            yield return Of(AggregateFunctions.Quantile(input, 0.99, 0.1));
            yield return Of(AggregateFunctions.Histogram(input, [0]));
            yield return Of(AggregateFunctions.Histogram(input, [-1e300, -4, -1, 0, double.Epsilon, 1, 2.5, double.MaxValue]));
            yield return Of(AggregateFunctions.Histogram(input, [.. Enumerable.Range(-31, 62).Select(i => (double)i)]));
            yield return Of(AggregateFunctions.Spread("Variance", input, new SpreadMeasure(IsSample: true, IsRoot: false)));
        }

        foreach (ValueKind other in (ValueKind[])[ValueKind.Int64, ValueKind.Float64, ValueKind.String, ValueKind.Binary, kind])
        {
            yield return Of(AggregateFunctions.MinBy(input, new ScalarType(other, false)));
            yield return Of(AggregateFunctions.MaxBy(new ScalarType(other, false), input));
        }
    }

    public static AggregateSubject Of(AggregateFunction function)
    {
        Type aggregator = function.Aggregator.GetType();
        Type[] arguments = aggregator.GetInterface(typeof(IAggregator<,,>).Name)!.GetGenericArguments();
        return (AggregateSubject)Activator.CreateInstance(typeof(Subject<,,,>).MakeGenericType([aggregator, .. arguments]), function)!;
    }

    /// <summary>The state of samples; missing ones are left out.</summary>
    public abstract byte[] Fold(IEnumerable<Sample> samples);

    /// <summary>The states merged, from left to right, into the state of nothing.</summary>
    public abstract byte[] Merge(params byte[][] states);

    /// <summary>The result of a state.</summary>
    public abstract object? Result(byte[] state);

    /// <summary>Holds the aggregate to the laws, as users do with theirs.</summary>
    public abstract void CheckLaws(int seed);

    /// <summary>
    /// A test for a state that stands for the same values: the same bytes, except for moments, of which the last digits depend on the order.
    /// </summary>
    public IResolveConstraint Like(byte[] expected)
    {
        if (Function.State != typeof(MomentsState))
        {
            return Is.EqualTo(expected);
        }

        MomentsState wanted = StateTree.Read<MomentsState>(expected);
        return new PredicateConstraint<byte[]>(actual =>
        {
            MomentsState state = StateTree.Read<MomentsState>(actual!);
            return state.Count == wanted.Count && IsNear(state.Mean, wanted.Mean) && IsNear(state.Squares, wanted.Squares);
        });
    }

    private static bool IsNear(double actual, double expected) => actual.Equals(expected) || Math.Abs(actual - expected) <= 1e-9 * (1 + Math.Abs(expected));

    public override string ToString() =>
        $"{Function.Name}({string.Join(", ", Function.Inputs)}){(Function.Parameters.Length > 0 ? $" with {Function.Parameters}" : "")}";

    private sealed class Subject<TAggregator, TInput, TState, TResult>(AggregateFunction function) : AggregateSubject(function)
        where TAggregator : IAggregator<TInput, TState, TResult>
        where TState : struct, IState<TState>
    {
        private readonly TAggregator _aggregator = (TAggregator)function.Aggregator;
        private readonly Func<object?, object?, TInput> _input = Input(function);

        public override byte[] Fold(IEnumerable<Sample> samples)
        {
            TState state = default;
            Add(ref state, samples);
            return Write(in state);
        }

        public override byte[] Merge(params byte[][] states)
        {
            TState state = default;
            foreach (byte[] other in states)
            {
                TState read = Read(other);
                state.Merge(in read);
            }

            return Write(in state);
        }

        public override object? Result(byte[] state) => _aggregator.Result(Read(state));

        public override void CheckLaws(int seed) => new LawChecker<TState, Sample>(new Laws(this)).Check(random => Samples.Value(Function, random), 15, seed);

        private static Func<object?, object?, TInput> Input(AggregateFunction function)
        {
            ParameterExpression[] values = [Expression.Parameter(typeof(object)), Expression.Parameter(typeof(object))];
            Expression[] typed = [.. function.Inputs.Select((input, i) => (Expression)Expression.Convert(values[i], input.Representation))];
            Expression whole = typed.Length == 0 ? Expression.Default(typeof(TInput))
                : function.TakesHashes ? ValueHash.Call(typed[0])
                : typed.Length == 1 ? typed[0]
                : Expression.New(typeof(TInput).GetConstructor([.. typed.Select(t => t.Type)])!, typed);
            return Expression.Lambda<Func<object?, object?, TInput>>(whole, values).Compile();
        }

        private static byte[] Write(in TState state)
        {
            ByteWriter writer = new();
            state.Write(writer);
            return writer.Written.ToArray();
        }

        private static TState Read(byte[] bytes)
        {
            fixed (byte* start = bytes.Length == 0 ? [0] : bytes)
            {
                ByteReader reader = new(start, bytes.Length);
                TState state = TState.Read(ref reader);
                return reader.Remaining == 0 ? state : throw new InvalidDataException($"{reader.Remaining} bytes are left.");
            }
        }

        private void Add(ref TState state, IEnumerable<Sample> samples)
        {
            foreach (Sample sample in samples)
            {
                object?[] values = [sample.Value, sample.Second];
                if (!Function.Inputs.Where((input, i) => !input.IsNullable && values[i] is null).Any())
                {
                    _aggregator.Add(ref state, _input(sample.Value, sample.Second), sample.Stamp);
                }
            }
        }

        private sealed class Laws(Subject<TAggregator, TInput, TState, TResult> subject) : LawSubject<TState, Sample>
        {
            public override string Name => $"{subject}";

            // The samples are such that the order of sums does not matter.
            public override bool DependsOnOrder => typeof(TState) == typeof(MomentsState);

            public override void Add(ref TState state, Sample value, EventStamp at) => subject.Add(ref state, [value with { Stamp = at }]);

            public override void Merge(ref TState state, in TState other) => state.Merge(in other);

            public override object? Result(in TState state)
            {
                try
                {
                    return subject._aggregator.Result(in state);
                }
                catch (OverflowException error)
                {
                    return error.Message;
                }
            }

            public override bool IsSame(object? left, object? right) => EndToEnd.Model.Values.Same(left, right, DependsOnOrder ? 1e-9 : 0);

            public override byte[] Write(in TState state) => Subject<TAggregator, TInput, TState, TResult>.Write(in state);

            public override TState Read(byte[] bytes) => Subject<TAggregator, TInput, TState, TResult>.Read(bytes);
        }
    }
}
