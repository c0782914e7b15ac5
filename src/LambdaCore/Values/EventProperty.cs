using System.Reflection;

namespace LambdaCore.Values;

/// <summary>One property of an event type: one column of the master dataset.</summary>
/// <param name="Name">The property's name, which is the column's.</param>
/// <param name="Property">The property.</param>
/// <param name="Type">What it holds.</param>
internal sealed record EventProperty(string Name, PropertyInfo Property, ScalarType Type)
{
    /// <summary>The names that it had before, as it declares.</summary>
    public IReadOnlyList<string> FormerNames { get; init; } = [];

    /// <summary>What it reads as where it was not stored, as it declares, as <see cref="ValueText"/>; null if it declares nothing.</summary>
    public string? WhenMissing { get; init; }
}
