using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>An aggregate as data: what both compilers of a view need to know of it.</summary>
/// <param name="Name">Its name, as written in a definition.</param>
/// <param name="Aggregate">The type that implements <see cref="IAggregate{TInput, TState, TResult}"/>.</param>
/// <param name="Input">
/// The input that it takes, never missing: both layers widen the value of the definition to it, and leave missing values
/// out. Null for a count of events.
/// </param>
/// <param name="State">Its state type, an <see cref="IState{TSelf}"/>.</param>
/// <param name="Result">The type of its result.</param>
/// <param name="Columns">The columns of its state, in the order of its bytes.</param>
internal sealed record AggregateFunction(
    string Name, Type Aggregate, ScalarType? Input, Type State, ScalarType Result, IReadOnlyList<StateColumn> Columns)
{
    /// <summary>The relative standard error of the result; zero if it is exact.</summary>
    public double RelativeStandardError { get; init; }

    /// <summary>
    /// The sketch function that DuckDB must know, if the state is a sketch. A sketch takes in hashes: the fold adds
    /// <see cref="ValueHash.Call"/> of the input (<c>TInput</c> is <see cref="ulong"/>), the SQL gets the input itself.
    /// </summary>
    public SketchFunction? Sketch { get; init; }
}
