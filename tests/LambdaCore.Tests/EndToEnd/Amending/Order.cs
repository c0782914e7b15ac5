using LambdaCore.Storage;

namespace LambdaCore.Tests.EndToEnd.Amending;

/// <summary>An event that may amend another by its number.</summary>
internal sealed record Order(DateTimeOffset At, long Id, long? AmendedId, string Product, long Amount)
{
    /// <summary>The orders of each product and what they come to.</summary>
    public static ViewDefinition<Order, string, OrderSums> ByProduct { get; } =
        View.Of<Order>("by_product").GroupBy(e => e.Product).Select(g => new OrderSums(g.Count(), g.Sum(e => e.Amount)));

    /// <summary>An order.</summary>
    public static Order Of(long id, string product, long amount) => new(DateTimeOffset.UnixEpoch.AddMinutes(id), id, null, product, amount);

    /// <summary>The same order as it ought to have been, in place of another.</summary>
    public Order InPlaceOf(long id) => this with { AmendedId = id };

    /// <summary>Opens a store of orders that amend others.</summary>
    public static LambdaStore<Order> Open(IStorage storage, Action<LambdaStoreOptions<Order>>? configure = null) =>
        OpenPlain(storage, o =>
        {
            o.Amendments(e => e.Id, e => e.AmendedId);
            configure?.Invoke(o);
        });

    /// <summary>Opens a store of orders that is not told how they amend others.</summary>
    public static LambdaStore<Order> OpenPlain(IStorage storage, Action<LambdaStoreOptions<Order>>? configure = null)
    {
        LambdaStoreOptions<Order> options = new() { BatchThreads = 1 };
        options.EventTime(e => e.At).AddView(ByProduct);
        configure?.Invoke(options);
        options.Validate();
        return StoreOpening.Open("memory", storage, options);
    }

    /// <summary>All rows as text: the product, how many orders, what they come to.</summary>
    public static string Show(ViewAnswer<string, OrderSums> answer) => string.Join(", ", answer.Rows.Select(r => $"{r.Key} {r.Result.Count}x {r.Result.Sum}"));

    /// <summary>What the store answers now.</summary>
    public static async Task<string> ShowAsync(LambdaStore<Order> store) => Show(await store.Query(ByProduct).ExecuteAsync());
}

/// <summary>How many orders, and what they come to.</summary>
internal sealed record OrderSums(long Count, long Sum);
