using LambdaCore;

namespace Flights;

/// <summary>The outcome of comparing one view with SQL over the original file.</summary>
/// <param name="View">The view.</param>
/// <param name="Source">The layers that answered.</param>
/// <param name="Rows">The rows that SQL gives.</param>
/// <param name="Matches">How many of them the view gives too, at the same place.</param>
/// <param name="LargestDifference">The largest difference between exact numbers.</param>
/// <param name="LargestError">The largest difference between an estimate and the truth, in standard errors; null if nothing is estimated.</param>
/// <param name="FirstMismatch">The first row that differs; null if all agree.</param>
internal sealed record Comparison(
    string View, AnswerSource Source, int Rows, int Matches, double LargestDifference, double? LargestError, string? FirstMismatch)
{
    private const double AllowedStandardErrors = 5;

    /// <summary>Whether all rows agree.</summary>
    public bool Agrees => FirstMismatch is null;

    /// <summary>
    /// Asks a view for all its rows, and DuckDB for the same by SQL. Both give them ascending by key, so they are compared one by one:
    /// exact values for equality, estimates within five standard errors.
    /// </summary>
    public static async Task<Comparison> MakeAsync<TKey, TResult>(
        LambdaStore<Flight> store, ViewDefinition<Flight, TKey, TResult> view, OriginalFile original, string sql)
    {
        ViewAnswer<TKey, TResult> answer = await store.Query(view).ExecuteAsync();
        (string[] columns, List<object?[]> expected) = original.Ask(sql);
        double[] standardErrors = [.. columns.Select(c => answer.Receipt.Errors.FirstOrDefault(e => e.Column == c)?.Size ?? 0)];
        int matches = 0;
        double largestDifference = 0, largestError = 0;
        string? mismatch = answer.Rows.Count == expected.Count ? null : $"{answer.Rows.Count} rows instead of {expected.Count}";
        for (int row = 0; row < Math.Min(answer.Rows.Count, expected.Count); row++)
        {
            object?[] actual = [.. Cells(answer.Rows[row].Key), .. Cells(answer.Rows[row].Result)];
            bool equal = true;
            for (int column = 0; column < columns.Length; column++)
            {
                (double difference, double error) = Compare(expected[row][column], actual[column], standardErrors[column]);
                largestDifference = Math.Max(largestDifference, difference);
                largestError = Math.Max(largestError, error);
                if (difference > 0 || error > AllowedStandardErrors)
                {
                    equal = false;
                    mismatch ??= $"row {row} ({answer.Rows[row].Key}): {columns[column]} is {actual[column] ?? "null"} instead of {expected[row][column] ?? "null"}";
                }
            }

            matches += equal ? 1 : 0;
        }

        return new Comparison(view.Name, answer.Receipt.Source, expected.Count, matches, largestDifference, standardErrors.Any(e => e > 0) ? largestError : null, mismatch);
    }

    /// <summary>The values of a key or result: itself, or its properties as they are declared.</summary>
    private static IEnumerable<object?> Cells<T>(T value) =>
        value is string or int ? [value] : typeof(T).GetProperties().Select(p => p.GetValue(value));

    private static (double Difference, double Error) Compare(object? expected, object? actual, double standardError)
    {
        if (expected is null || actual is null || expected is string or DateTimeOffset)
        {
            return (Equals(expected, actual) ? 0 : double.PositiveInfinity, 0);
        }

        double truth = Convert.ToDouble(expected);
        double difference = Math.Abs(truth - Convert.ToDouble(actual));
        return standardError == 0 ? (difference, 0) : (0, difference / (truth * standardError));
    }
}
