using LambdaCore.Aggregates;

namespace LambdaCore;

/// <summary>
/// Checks that an aggregate of your own keeps the laws by which batch and speed layer together give the answer of one pass over all events. To be
/// called in a test, by whatever framework: it throws where a law is broken.
/// </summary>
/// <remarks>
/// The laws: the default value is the identity of merging; merging is associative and commutative; any division of the events into states that
/// are merged, and any order of the events, gives the same state; what is written is read back as the same state with the same result,
/// and goes on as it would have; merging leaves the other state as it is and shares no memory with it; and nothing throws. States are the same if
/// their bytes and results are; where the aggregate <see cref="IAggregate{TSelf, TInput, TResult}.DependsOnOrder"/>, if their results are about the same.
/// </remarks>
public static class AggregateLaws
{
    private const int DefaultRounds = 100;

    /// <summary>Checks an aggregate with random events.</summary>
    /// <param name="aggregate">Says which: <c>default(GeometricMean)</c>. Only its type matters.</param>
    /// <param name="input">Makes the value of an event. Let it make few distinct ones as well as nasty ones.</param>
    /// <param name="same">
    /// Whether two results are the same; if null, equality, element by element in collections. Of an aggregate that depends on order, numbers may then differ
    /// by a billionth of their size.
    /// </param>
    /// <param name="rounds">How many sets of up to 30 events to try each law with; 100 unless stated.</param>
    /// <param name="seed">The seed of all that is random; a new one, named in the error, if null.</param>
    /// <exception cref="AggregateLawException">A law is broken. The message has the law, the smallest example found, and the seed.</exception>
    public static void Check<TAggregate, TInput, TResult>(
        IAggregate<TAggregate, TInput, TResult> aggregate, Func<Random, TInput> input, Func<TResult, TResult, bool>? same = null, int rounds = DefaultRounds, int? seed = null)
        where TAggregate : struct, IAggregate<TAggregate, TInput, TResult>
    {
        ArgumentNullException.ThrowIfNull(aggregate);
        ArgumentNullException.ThrowIfNull(input);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rounds);
        new LawChecker<TAggregate, TInput>(new UserLawSubject<TAggregate, TInput, TResult>(same)).Check(input, rounds, seed ?? Random.Shared.Next());
    }

    /// <summary>Checks an aggregate with events whose values are drawn from a list.</summary>
    /// <inheritdoc cref="Check{TAggregate, TInput, TResult}(IAggregate{TAggregate, TInput, TResult}, Func{Random, TInput}, Func{TResult, TResult, bool}?, int, int?)"/>
    /// <param name="aggregate">Says which: <c>default(GeometricMean)</c>. Only its type matters.</param>
    /// <param name="inputs">The values; at least one.</param>
    /// <param name="same">Whether two results are the same; if null, as in the other overload.</param>
    /// <param name="rounds">How many sets of up to 30 events to try each law with; 100 unless stated.</param>
    /// <param name="seed">The seed of all that is random; a new one, named in the error, if null.</param>
    public static void Check<TAggregate, TInput, TResult>(
        IAggregate<TAggregate, TInput, TResult> aggregate, IReadOnlyList<TInput> inputs, Func<TResult, TResult, bool>? same = null, int rounds = DefaultRounds, int? seed = null)
        where TAggregate : struct, IAggregate<TAggregate, TInput, TResult>
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentOutOfRangeException.ThrowIfZero(inputs.Count, nameof(inputs));
        Check(aggregate, random => inputs[random.Next(inputs.Count)], same, rounds, seed);
    }
}
