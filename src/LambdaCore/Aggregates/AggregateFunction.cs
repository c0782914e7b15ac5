using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>An aggregate as data: what both compilers of a view need to know of it.</summary>
/// <param name="Name">Its name, as written in a definition.</param>
/// <param name="Aggregator">The value that implements <see cref="IAggregator{TInput, TState, TResult}"/>, a struct.</param>
/// <param name="Inputs">
/// The inputs that it takes: both layers widen the values of the definition to them. An event whose value is missing is left
/// out, unless that input is nullable: then the aggregator is handed what stands for missing. Empty for a count of events.
/// </param>
/// <param name="Columns">The columns of its state, in the order of its bytes.</param>
internal sealed record AggregateFunction(string Name, object Aggregator, IReadOnlyList<ScalarType> Inputs, IReadOnlyList<StateColumn> Columns)
{
    /// <summary>What its states depend on besides the inputs, as a text that says all of it: part of a view's meaning.</summary>
    public string Parameters { get; init; } = "";

    /// <summary>What the result depends on besides the state, as a text that says all of it; functions that differ only here share a state.</summary>
    public string ResultParameters { get; init; } = "";

    /// <summary>How far the result may be off; null if it is exact.</summary>
    public ErrorBound? Error { get; init; }

    /// <summary>
    /// Whether the bytes of a state depend, in their last digits or beyond a capacity, on the order in which events and
    /// layers came together: such states cannot be compared byte by byte.
    /// </summary>
    public bool IsOrderDependent { get; init; }

    /// <summary>
    /// Whether the aggregator takes in the hash of its only input (<see cref="ValueHash"/>) in place of the value, so that no
    /// layer has to build an object for a text.
    /// </summary>
    public bool TakesHashes { get; init; }

    /// <summary>The function of DuckDB that runs the aggregator, if its states are computed by code and not by SQL alone.</summary>
    public CodeFunction? Code { get; init; }

    /// <summary>The type of its state, an <see cref="IState{TSelf}"/>.</summary>
    public Type State => Arguments[1];

    /// <summary>The type of its result: a representation, or any type that a definition can use as it is.</summary>
    public Type Result => Arguments[2];

    /// <summary>The type of each input as the aggregator takes it: its representation, its CLR type, or a hash.</summary>
    public IReadOnlyList<Type> InputTypes => Inputs.Count > 1 ? Arguments[0].GetGenericArguments() : [Arguments[0]];

    private Type[] Arguments => Aggregator.GetType().GetInterface(typeof(IAggregator<,,>).Name)!.GetGenericArguments();

    /// <summary>An aggregate whose states DuckDB computes by calling the aggregator: the code that the fold runs.</summary>
    /// <param name="name">Its name, as written in a definition.</param>
    /// <param name="aggregator">The aggregator. Its input is a <see cref="ValueTuple{T1, T2}"/> if there are two.</param>
    /// <param name="inputs">One or two inputs.</param>
    /// <param name="parameters">What the states depend on besides the inputs.</param>
    /// <param name="kind">How the state's bytes delimit themselves: <see cref="ValueKind.Sketch"/> or <see cref="ValueKind.Binary"/>.</param>
    /// <param name="takesStamp">Whether the aggregator looks at an event's time and position.</param>
    public static AggregateFunction ByCode(
        string name, object aggregator, IReadOnlyList<ScalarType> inputs, string parameters = "", ValueKind kind = ValueKind.Sketch, bool takesStamp = false)
    {
        CodeFunction code = CodeFunction.Of(name, $"{aggregator.GetType()} {parameters} {string.Join(", ", inputs)}", takesStamp);
        return new AggregateFunction(name, aggregator, inputs, [new StateColumn("", new ScalarType(kind, false), code.Call)]) { Parameters = parameters, Code = code };
    }
}
