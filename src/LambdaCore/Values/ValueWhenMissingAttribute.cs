namespace LambdaCore;

/// <summary>
/// Says what a property reads as in events that were appended before it was added to the event type, or, if it was nullable and no longer is, in those that have no
/// value of it.
/// </summary>
/// <remarks>
/// The value is written down in the store when it opens with the property for the first time, and cannot be another later: answers that were given stay true. It
/// has no effect on events that are appended. On the parameter of a record it means the property.
/// </remarks>
/// <param name="value">
/// The value: of the property's type, or a number that it holds exactly; for types that attributes do not know a text, as in <c>"12.50"</c> for a decimal,
/// <c>"2026-01-31T12:00:00Z"</c> for a time, <c>"2026-01-31"</c> for a date, <c>"1.02:30:00"</c> for a length of time, 32 digits and four hyphens for a Guid, and
/// hexadecimal digits for bytes.
/// </param>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class ValueWhenMissingAttribute(object value) : Attribute
{
    /// <summary>The value as it was given.</summary>
    public object Value { get; } = value;
}
