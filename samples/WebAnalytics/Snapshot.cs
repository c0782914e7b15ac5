using LambdaCore;

namespace WebAnalytics;

/// <summary>What the shop's people look at: some rows of each view, each answer with its receipt.</summary>
internal sealed record Snapshot(
    ViewAnswer<HourKey, HourStats> Hours,
    ViewAnswer<string, ProductStats> BestSellers,
    ViewEntry<string, UserProfile>? User,
    int ActiveSinceBatch)
{
    private const string BestCustomer = "user-0";

    /// <summary>Whether the user was active since the last batch run: then the speed view holds something of him.</summary>
    public bool UserIsActive => User is { } user && user.Receipt.Source.HasFlag(AnswerSource.Speed);

    /// <summary>Asks the store; null if nothing has happened yet.</summary>
    public static async Task<Snapshot?> TakeAsync(LambdaStore<PageEvent> store)
    {
        ViewAnswer<string, ProductStats> bestSellers = await store.Query(Views.Products).OrderByDescending(r => r.Result.Purchases).Take(5).ExecuteAsync();
        if (bestSellers.Receipt.Watermark is not { } now)
        {
            return null;
        }

        return new Snapshot(
            await store.Query(Views.Hours).Between(Window.Hour(now).AddHours(-2), now).ExecuteAsync(),
            bestSellers,
            await store.GetAsync(Views.Users, BestCustomer),
            (await store.Query(Views.Users).From(AnswerSource.Speed).ExecuteAsync()).Rows.Count);
    }
}
