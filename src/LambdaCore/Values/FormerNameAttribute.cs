namespace LambdaCore;

/// <summary>
/// Says under which name a property of an event type was stored before it got its name now, so that a store reads its old events under the new one.
/// </summary>
/// <remarks>
/// A property that was renamed several times has the attribute several times, in any order: a store of any of these times opens. On the parameter of a record it
/// means the property. Each former name belongs to one property.
/// </remarks>
/// <param name="name">The former name, exactly.</param>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter, AllowMultiple = true)]
public sealed class FormerNameAttribute(string name) : Attribute
{
    /// <summary>The former name.</summary>
    public string Name { get; } = name;
}
