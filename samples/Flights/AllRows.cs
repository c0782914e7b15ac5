using LambdaCore;

namespace Flights;

/// <summary>All rows of all views: equal to another if every row is.</summary>
internal sealed record AllRows(object[] Rows)
{
    /// <summary>Asks a store for everything.</summary>
    public static async Task<AllRows> OfAsync(LambdaStore<Flight> store) => new(
    [
        .. await OfAsync(store, Views.AirportDays),
        .. await OfAsync(store, Views.Airports),
        .. await OfAsync(store, Views.Routes),
        .. await OfAsync(store, Views.Hours),
    ]);

    public bool Equals(AllRows? other) => other is not null && Rows.SequenceEqual(other.Rows);

    public override int GetHashCode() => Rows.Length;

    private static async Task<IEnumerable<object>> OfAsync<TKey, TResult>(LambdaStore<Flight> store, ViewDefinition<Flight, TKey, TResult> view) =>
        (await store.Query(view).ExecuteAsync()).Rows.Select(r => (object)(r.Key, r.Result));
}
