using System.Globalization;
using LambdaCore;

namespace WebAnalytics;

/// <summary>
/// Purchases that come when their hour is over: first some that count at once, then one that is too late, under each policy that holds such events
/// back. Whatever is printed is compared with what it should be.
/// </summary>
/// <param name="folder">Where the stores live.</param>
internal sealed class LateEvents(string folder)
{
    private static readonly DateTimeOffset Ten = new(2024, 3, 1, 10, 0, 0, TimeSpan.Zero);
    private static readonly HourKey TenOClock = new(Ten, "purchase");

    /// <summary>Three purchases from 10:00 on, and one at 11:20, which moves the watermark to 11:15: five minutes of disorder are allowed.</summary>
    private static readonly PageEvent[] InTime = [Purchase(5, 10), Purchase(20, 20), Purchase(35, 30), Purchase(80, 99)];

    /// <summary>At most 25 minutes behind the watermark.</summary>
    private static readonly PageEvent[] Late = [Purchase(50, 40), Purchase(59, 50)];

    /// <summary>65 minutes behind the watermark, and the grace period is 30.</summary>
    private static readonly PageEvent TooLate = Purchase(10, 60);

    /// <summary>What differs from what it should be, in words.</summary>
    public List<string> Mistakes { get; } = [];

    /// <summary>Shows it all.</summary>
    public async Task RunAsync()
    {
        await ShowLateAsync();
        await ShowWaitingAsync();
        await ShowRejectedAsync();
    }

    private async Task ShowLateAsync()
    {
        await using LambdaStore<PageEvent> store = await OpenAsync("late", LatePolicy.Include);
        string rules = store.Describe();
        Console.WriteLine("\nLate events: the rules of a small store");
        Console.WriteLine($"  {rules.ReplaceLineEndings($"{Environment.NewLine}  ")}");
        Expect("the allowed disorder is described", rules.Contains("allowed disorder 00:05:00", StringComparison.Ordinal), true);
        Expect("the grace period is described", rules.Contains("grace period 00:30:00", StringComparison.Ordinal), true);

        Console.WriteLine("\nTwo purchases of 10:50 and 10:59 arrive after the batch run: the watermark is at 11:15, so only late events can still change the hour");
        await ShowHourAsync(store, "before", InTime, default);
        _ = await store.AppendAsync(Late);
        await ShowHourAsync(store, "after", [.. InTime, .. Late], new LateCounts(Counted: 2, Waiting: 0, Rejected: 0));
    }

    private async Task ShowWaitingAsync()
    {
        await using LambdaStore<PageEvent> store = await OpenAsync("waiting", LatePolicy.BatchOnly);
        Console.WriteLine("\nOne of 10:10 is beyond the grace period: under LatePolicy.BatchOnly it waits for the next batch");
        _ = await store.AppendAsync(TooLate);
        await ShowHourAsync(store, "waiting", InTime, new LateCounts(Counted: 0, Waiting: 1, Rejected: 0));
        _ = await store.RunBatchAsync();
        await ShowHourAsync(store, "next batch", [.. InTime, TooLate], default);
    }

    private async Task ShowRejectedAsync()
    {
        await using LambdaStore<PageEvent> store = await OpenAsync("rejected", LatePolicy.Reject);
        Console.WriteLine("\nThe same under LatePolicy.Reject: it never counts, and is kept as a dead letter");
        LogPosition position = await store.AppendAsync(TooLate);
        await ShowHourAsync(store, "rejected", InTime, new LateCounts(Counted: 0, Waiting: 0, Rejected: 1));
        _ = await store.RunBatchAsync();
        await ShowHourAsync(store, "next batch", InTime, default);

        List<DeadLetter<PageEvent>> letters = [];
        await foreach (DeadLetter<PageEvent> letter in store.ReadDeadLettersAsync())
        {
            Console.WriteLine(FormattableString.Invariant(
                $"  dead letter at {letter.Position}: {letter.Event.EventType} of {letter.Event.Timestamp:HH:mm}, value {letter.Event.Value:N2}\n              {letter.Reason}"));
            letters.Add(letter);
        }

        Expect("dead letters", letters.Count, 1);
        Expect("the dead letter", letters.Select(l => (l.Position, l.Event, l.Lateness)).FirstOrDefault(), (position, TooLate, TimeSpan.FromMinutes(65)));
        Expect("the reason names the grace period", letters.TrueForAll(l => l.Reason.Contains("grace period of 00:30:00", StringComparison.Ordinal)), true);
    }

    /// <summary>Opens a store of its own, in which a batch run has covered what came in time.</summary>
    private async Task<LambdaStore<PageEvent>> OpenAsync(string name, LatePolicy policy)
    {
        LambdaStore<PageEvent> store = await LambdaStore.OpenAsync<PageEvent>(Path.Combine(folder, name), o =>
        {
            o.AllowedDisorder = TimeSpan.FromMinutes(5);
            o.GracePeriod = TimeSpan.FromMinutes(30);
            o.LateEvents = policy;
            o.EventTime(e => e.Timestamp).AddView(Views.Hours);
        });
        _ = await store.AppendAsync(InTime);
        _ = await store.RunBatchAsync();
        return store;
    }

    private async Task ShowHourAsync(LambdaStore<PageEvent> store, string when, PageEvent[] counted, LateCounts late)
    {
        ViewEntry<HourKey, HourStats> row = (await store.GetAsync(Views.Hours, TenOClock))!;
        Console.WriteLine(FormattableString.Invariant(
            $"  {when,-10}  {row.Key.Hour:HH:mm}  {row.Result.Events} purchases, {row.Result.TotalValue:N2} in all, {(row.IsComplete is true ? "complete" : "not complete")}\n              {row.Receipt}"));

        PageEvent[] inHour = [.. counted.Where(e => Window.Hour(e.Timestamp) == Ten)];
        Expect($"{when}: purchases", row.Result.Events, inHour.Length);
        Expect($"{when}: total value", row.Result.TotalValue, inHour.Sum(e => e.Value)!.Value);
        Expect($"{when}: whether the hour is complete", row.IsComplete, true);
        Expect($"{when}: watermark", row.Receipt.Watermark, Ten.AddMinutes(75));
        Expect($"{when}: late events", row.Receipt.Late, late);
        Expect($"{when}: layers", row.Receipt.Source, late.Counted > 0 ? AnswerSource.Merged : AnswerSource.Batch);
    }

    private void Expect<T>(string what, T actual, T expected)
    {
        if (!EqualityComparer<T>.Default.Equals(actual, expected))
        {
            Mistakes.Add(string.Create(CultureInfo.InvariantCulture, $"late events, {what}: {actual} instead of {expected}"));
        }
    }

    private static PageEvent Purchase(int minute, double value) => new(Ten.AddMinutes(minute), "purchase", $"user-{minute}", ProductId: "product-1", Value: value);
}
