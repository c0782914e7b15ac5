using LambdaCore.Storage;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>A plain event, for tests of how a store behaves rather than of what it answers.</summary>
internal sealed record Purchase(DateTimeOffset At, string Product, decimal Price, DateTime Paid, string? Note)
{
    /// <summary>Purchases by product.</summary>
    public static ViewDefinition<Purchase, string, long> ByProduct { get; } = View.Of<Purchase>("by_product").GroupBy(e => e.Product).Select(g => g.Count());

    /// <summary>A good event.</summary>
    public static Purchase Of(string product, int minute = 0) =>
        new(DateTimeOffset.UnixEpoch.AddMinutes(minute), product, 1.5m, DateTime.UnixEpoch, null);

    /// <summary>Opens a store of purchases.</summary>
    public static LambdaStore<Purchase> Open(IStorage storage, Action<LambdaStoreOptions<Purchase>>? configure = null)
    {
        LambdaStoreOptions<Purchase> options = new() { BatchThreads = 1 };
        options.EventTime(e => e.At);
        if (configure is null)
        {
            options.AddView(ByProduct);
        }

        configure?.Invoke(options);
        options.Validate();
        return StoreOpening.Open("memory", storage, options);
    }

    /// <summary>Counts the purchases of each product.</summary>
    public static async Task<Dictionary<string, long>> CountsAsync(LambdaStore<Purchase> store) =>
        (await store.Query(ByProduct).ExecuteAsync()).Rows.ToDictionary(r => r.Key, r => r.Result);
}
