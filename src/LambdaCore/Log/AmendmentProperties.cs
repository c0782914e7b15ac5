using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>The properties by which an event says that it amends others. Immutable.</summary>
/// <param name="Id">What an event is known by.</param>
/// <param name="Amends">The id of what it amends; missing if it amends nothing.</param>
internal sealed record AmendmentProperties(EventProperty Id, EventProperty Amends);
