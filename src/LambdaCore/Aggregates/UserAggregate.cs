using System.Globalization;
using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>A user's aggregate as one of ours.</summary>
/// <typeparam name="TAggregate">The user's aggregate.</typeparam>
/// <typeparam name="TInput">Its input.</typeparam>
/// <typeparam name="TResult">Its result.</typeparam>
/// <param name="view">The view that it is used in, for messages.</param>
internal readonly struct UserAggregate<TAggregate, TInput, TResult>(string view) : IAggregator<TInput, UserState<TAggregate, TInput, TResult>, TResult>
    where TAggregate : struct, IAggregate<TAggregate, TInput, TResult>
{
    /// <summary>The aggregate as data.</summary>
    public static AggregateFunction Describe(string view, IReadOnlyList<ScalarType> inputs)
    {
        string parameters = string.Create(CultureInfo.InvariantCulture, $"{typeof(TAggregate)} version {TAggregate.Version}");
        return AggregateFunction.ByCode(
            typeof(TAggregate).Name, new UserAggregate<TAggregate, TInput, TResult>(view), inputs, parameters, ValueKind.Binary, takesStamp: true) with
        {
            IsOrderDependent = TAggregate.DependsOnOrder,
        };
    }

    /// <inheritdoc/>
    public void Add(ref UserState<TAggregate, TInput, TResult> state, TInput input, in EventStamp stamp) => state.Add(Owned.Of(input), in stamp);

    /// <inheritdoc/>
    /// <exception cref="AggregateFailedException">The user's code failed, now or earlier.</exception>
    public TResult Result(in UserState<TAggregate, TInput, TResult> state)
    {
        if (state.Failure is { } failure)
        {
            LogPosition? position = failure.Position == UserFailure.NoEvent ? null : new LogPosition(failure.Position);
            throw Failed(failure.Step, position, failure.Error, null);
        }

        try
        {
            return state.Value.Result();
        }
        catch (Exception error) when (UserFailure.Keeps(error))
        {
            throw Failed(nameof(Result), null, $"{error.GetType()}: {error.Message}", error);
        }
    }

    private AggregateFailedException Failed(string step, LogPosition? position, string error, Exception? inner) => new(
        $"View '{view}': {step} of the aggregate {typeof(TAggregate)} failed{(position is null ? "" : $" for the event at position {position}")}: {error} There is no result for this key. Mend the aggregate, raise its Version, and open the store again.",
        position,
        inner);
}
