using LambdaCore;

namespace WebAnalytics;

/// <summary>Computes every row again, by plain LINQ over the events that were sent, and compares.</summary>
internal sealed class Check(LambdaStore<PageEvent> store, IReadOnlyList<PageEvent> sent)
{
    private int _rows;

    /// <summary>The rows that differ, in words.</summary>
    public List<string> Mistakes { get; } = [];

    /// <summary>How many rows were compared.</summary>
    public int Rows => _rows;

    /// <summary>Compares all views.</summary>
    public async Task RunAsync()
    {
        ViewAnswer<HourKey, HourStats> hours = await store.Query(Views.Hours).ExecuteAsync();
        double usersError = hours.Receipt.Errors.Single(e => e.Column == nameof(HourStats.Users)).Size;
        Compare("hours", hours, sent.GroupBy(e => new HourKey(Window.Hour(e.Timestamp), e.EventType)), (g, r) =>
            r.Events == g.Count()
            && IsNear(r.Users, g.Select(e => e.UserId).Distinct().Count(), 5 * usersError)
            && IsNear(r.AverageValue, g.Average(e => e.Value), 1e-9)
            && IsNear(r.TotalValue, g.Sum(e => e.Value), 1e-9));

        Compare("users", await store.Query(Views.Users).ExecuteAsync(), sent.GroupBy(e => e.UserId), (g, r) => r == new UserProfile(
            g.Where(e => e.Name != null).OrderBy(e => e.Timestamp).LastOrDefault()?.Name,
            g.Where(e => e.Email != null).OrderBy(e => e.Timestamp).LastOrDefault()?.Email,
            g.Count(),
            g.Max(e => e.Timestamp)));

        Compare("products", await store.Query(Views.Products).ExecuteAsync(), sent.Where(e => e.ProductId != null).GroupBy(e => e.ProductId!), (g, r) =>
        {
            int views = g.Count(e => e.EventType == "view");
            int purchases = g.Count(e => e.EventType == "purchase");
            return r == new ProductStats(views, purchases, views == 0 ? null : (double)purchases / views);
        });

        // What the speed view alone knows is what came after the last batch run.
        ViewAnswer<string, UserProfile> active = await store.Query(Views.Users).From(AnswerSource.Speed).ExecuteAsync();
        Compare("users since the last batch", active, sent.Skip((int)active.Receipt.BatchEnd.Value).GroupBy(e => e.UserId), (g, r) => r.Events == g.Count());
    }

    private void Compare<TKey, TResult>(
        string view, ViewAnswer<TKey, TResult> answer, IEnumerable<IGrouping<TKey, PageEvent>> truth, Func<IGrouping<TKey, PageEvent>, TResult, bool> agrees)
        where TKey : notnull
    {
        Dictionary<TKey, IGrouping<TKey, PageEvent>> groups = truth.ToDictionary(g => g.Key);
        _rows += groups.Count;
        if (answer.Rows.Count != groups.Count)
        {
            Mistakes.Add($"{view}: {answer.Rows.Count} rows instead of {groups.Count}");
        }

        foreach (ViewEntry<TKey, TResult> row in answer.Rows)
        {
            if (!groups.TryGetValue(row.Key, out IGrouping<TKey, PageEvent>? group) || !agrees(group, row.Result))
            {
                Mistakes.Add($"{view}: {row.Key} is {row.Result}");
            }
        }
    }

    private static bool IsNear(double? actual, double? expected, double tolerance) =>
        expected is null ? actual is null : Math.Abs((actual ?? double.NaN) - expected.Value) <= tolerance * Math.Abs(expected.Value);
}
