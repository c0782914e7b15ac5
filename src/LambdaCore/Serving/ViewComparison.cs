using System.Globalization;

namespace LambdaCore;

/// <summary>What differs between two computations of a view's rows over the same events. Immutable.</summary>
/// <param name="View">The view.</param>
/// <param name="Position">The end of the events that both are computed of.</param>
/// <param name="Rows">How many rows the new one has; in the preview of a correction, only those whose keys it touches count.</param>
/// <param name="Added">How many rows only the new one has.</param>
/// <param name="Removed">How many rows only the old one has.</param>
/// <param name="Changed">How many rows have other results. What floating-point numbers differ by for the sake of rounding, up to a billionth of them, does not count.</param>
/// <param name="Largest">The rows that differ most, at most 20, by the size of the difference.</param>
public sealed record ViewComparison(string View, LogPosition Position, long Rows, long Added, long Removed, long Changed, IReadOnlyList<RowDifference> Largest)
{
    /// <summary>Whether no row differs.</summary>
    public bool IsSame => Added == 0 && Removed == 0 && Changed == 0;

    /// <summary>The comparison in one line, for logs.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"view {View} up to {Position}: {Changed:N0} of {Rows:N0} rows changed, {Added:N0} added, {Removed:N0} removed{(Largest.Count == 0 ? "" : $"; most of all {Largest[0].Key}, from {Largest[0].Old ?? "nothing"} to {Largest[0].New ?? "nothing"}")}");
}

/// <summary>A row that differs.</summary>
/// <param name="Key">The key.</param>
/// <param name="Old">The old result; null if there was none. A text if it cannot be told, for instance since a sum does not fit its type.</param>
/// <param name="New">The new result, likewise.</param>
/// <param name="Size">The largest difference between two numbers of the results; a number that has no counterpart differs by its own size, and other values by zero.</param>
public sealed record RowDifference(object? Key, object? Old, object? New, double Size);
