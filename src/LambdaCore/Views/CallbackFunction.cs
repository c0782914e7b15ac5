using System.Reflection;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>
/// A scalar function that the batch layer registers with DuckDB, because SQL's own would mean something else: the very
/// method that the fold calls.
/// </summary>
/// <param name="SqlName">Its name in SQL.</param>
/// <param name="Parameters">The kinds of its arguments; in SQL they have the types of <see cref="SqlKind"/>. A NULL argument gives NULL without a call.</param>
/// <param name="Result">The kind of its result.</param>
/// <param name="Method">A method on the kinds' representations; a null result is NULL. It never throws.</param>
/// <param name="Target">What the method is called on; null if it is static.</param>
internal sealed record CallbackFunction(string SqlName, IReadOnlyList<ValueKind> Parameters, ValueKind Result, MethodInfo Method, object? Target = null);
