namespace LambdaCore.Aggregates;

/// <summary>Adds one event to the states of its key. Must not throw: what an event may hold was checked when it was appended.</summary>
/// <typeparam name="TEvent">The event type.</typeparam>
/// <typeparam name="TRow">The states of one key, a <see cref="StateRow{THead, TTail}"/>.</typeparam>
/// <param name="item">The event.</param>
/// <param name="stamp">Where it stands.</param>
/// <param name="row">The states to add to.</param>
internal delegate void FoldEvent<in TEvent, TRow>(TEvent item, in EventStamp stamp, ref TRow row)
    where TRow : struct, IState<TRow>;
