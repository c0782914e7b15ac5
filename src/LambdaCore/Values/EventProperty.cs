using System.Reflection;

namespace LambdaCore.Values;

/// <summary>One property of an event type: one column of the master dataset.</summary>
/// <param name="Name">The property's name, which is the column's.</param>
/// <param name="Property">The property.</param>
/// <param name="Type">What it holds.</param>
internal sealed record EventProperty(string Name, PropertyInfo Property, ScalarType Type);
