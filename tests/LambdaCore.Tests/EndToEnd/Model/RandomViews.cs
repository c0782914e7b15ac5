namespace LambdaCore.Tests.EndToEnd.Model;

/// <summary>Draws the views that a store is opened with.</summary>
internal static class RandomViews
{
    /// <summary>A few views, of the pool or put together at random; now and then another choice than before, so that views come and go.</summary>
    public static IReadOnlyList<ModelView> Choose(Random random) =>
        [.. Enumerable.Range(0, random.Next(1, 4))
            .Select(_ => random.Next(3) == 0 ? ComposedView.Number(random.Next(ComposedView.Numbers)) : ViewPool.All[random.Next(ViewPool.All.Count)])
            .SelectMany(view => WithSources(view, random))
            .DistinctBy(view => view.Name)];

    /// <summary>A roll-up mostly comes with what it rolls up.</summary>
    private static IEnumerable<ModelView> WithSources(ModelView view, Random random)
    {
        for (ModelView? next = view; next is not null; next = random.Next(4) > 0 ? ViewPool.SourceOf(next) : null)
        {
            yield return next;
        }
    }
}
