using System.Globalization;
using LambdaCore;

namespace FaultTolerance;

/// <summary>A payment. Everything in it follows from its number, so that whoever knows how many there are knows what every view must show.</summary>
internal sealed record Payment(DateTimeOffset At, string Account, long Cents)
{
    /// <summary>The payment of a number.</summary>
    public static Payment Of(long number) => new(
        DateTimeOffset.UnixEpoch.AddMinutes(number), string.Create(CultureInfo.InvariantCulture, $"account {number * 31 % 101}"), 100 + (number * 7919 % 5000));
}

/// <summary>What an account received.</summary>
internal readonly record struct Balance(long Payments, long Cents);

/// <summary>The store of this program, and whether it is right.</summary>
internal static class Payments
{
    /// <summary>One row per account.</summary>
    public static readonly ViewDefinition<Payment, string, Balance> Balances = View.Of<Payment>("balances")
        .GroupBy(e => e.Account)
        .Select(g => new Balance(g.Count(), g.Sum(e => e.Cents)));

    /// <summary>Opens the store.</summary>
    public static Task<LambdaStore<Payment>> OpenAsync(string folder) => LambdaStore.OpenAsync<Payment>(folder, o =>
    {
        o.EventTime(e => e.At).AddView(Balances);
        o.SegmentEvents = 5_000;
    });

    /// <summary>Appends the payments that follow those that are there.</summary>
    public static async Task AppendAsync(LambdaStore<Payment> store, int count)
    {
        long first = store.Position.Value;
        _ = await store.AppendAsync(Enumerable.Range(0, count).Select(i => Payment.Of(first + i)).ToArray());
    }

    /// <summary>Whether the view is the fold of exactly the payments before the store's position, added up here by hand.</summary>
    public static async Task<bool> AreRightAsync(LambdaStore<Payment> store)
    {
        ViewAnswer<string, Balance> answer = await store.Query(Balances).ExecuteAsync();
        Dictionary<string, Balance> expected = [];
        for (long number = 0; number < store.Position.Value; number++)
        {
            Payment payment = Payment.Of(number);
            Balance before = expected.GetValueOrDefault(payment.Account);
            expected[payment.Account] = new Balance(before.Payments + 1, before.Cents + payment.Cents);
        }

        return answer.Receipt.Position == store.Position
            && answer.Rows.Count == expected.Count
            && answer.Rows.All(r => expected.TryGetValue(r.Key, out Balance balance) && balance == r.Result);
    }
}
