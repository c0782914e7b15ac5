namespace LambdaCore;

/// <summary>What became of events that were appended through a <see cref="Producer{TEvent}"/>.</summary>
/// <param name="Range">
/// Where the events stand that were new: side by side, in order. Empty if there were none; then all events of the call stand before it, as durable and visible as
/// its range says. In any case <c>Range.End</c> is a position that a query can ask to be covered.
/// </param>
/// <param name="Duplicates">How many of the events, from the first on, had been appended before, so that they were not again.</param>
public readonly record struct ProducerReceipt(LogRange Range, int Duplicates);
