using System.Diagnostics;
using LambdaCore;

namespace Flights;

/// <summary>What a user asks while events flow, and how long an answer takes.</summary>
internal static class Questions
{
    private static readonly Route Example = new("JFK", "SFO");

    /// <summary>Asks three questions and shows the answers, each with what its receipt says.</summary>
    public static async Task AskAsync(LambdaStore<Flight> store)
    {
        ViewAnswer<string, AirportStats> worst = await store.Query(Views.Airports).OrderByDescending(r => r.Result.MinutesLost).Take(3).ExecuteAsync();
        if (worst.Receipt.Watermark is not { } now)
        {
            return;
        }

        Console.WriteLine($"{now:d MMMM yyyy HH:mm}");
        Show("most time lost", string.Join(", ", worst.Rows.Select(r => $"{r.Key} {r.Result.MinutesLost / 60:N0} h")), worst.Receipt);

        if (await store.GetAsync(Views.Routes, Example) is { } route)
        {
            Show($"{Example.Origin} to {Example.Destination}", $"{route.Result.Flights:N0} flights, {route.Result.AverageDelay:F1} min late, last {route.Result.LastDeparture:d MMM HH:mm}", route.Receipt);
        }

        ViewAnswer<AirportDay, AirportDayStats> week = await LastDays(store, now).ExecuteAsync();
        Show("delayed at ORD", string.Join(", ", week.Rows.Select(r => $"{r.Key.Day:d MMM} {r.Result.DelayedShare:P0}")), week.Receipt);
    }

    /// <summary>The median time of a point query and of a four-day window, in microseconds.</summary>
    public static async Task<(double Point, double Window)> MeasureAsync(LambdaStore<Flight> store)
    {
        Route[] routes = [.. (await store.Query(Views.Routes).ExecuteAsync()).Rows.Select(r => r.Key)];
        DateTimeOffset end = (await store.Query(Views.AirportDays).ExecuteAsync()).Rows[^1].Key.Day;
        return (
            await MedianMicrosecondsAsync(20_000, i => store.GetAsync(Views.Routes, routes[i % routes.Length]).AsTask()),
            await MedianMicrosecondsAsync(50, _ => LastDays(store, end).ExecuteAsync().AsTask()));
    }

    private static ViewQuery<AirportDay, AirportDayStats> LastDays(LambdaStore<Flight> store, DateTimeOffset now)
    {
        DateTimeOffset today = Window.Day(now);
        return store.Query(Views.AirportDays).Where(k => k.Airport == "ORD").Between(today.AddDays(-3), today.AddDays(1));
    }

    private static void Show(string question, string answer, Receipt receipt) =>
        Console.WriteLine($"  {question,-14}  {answer,-52}  {receipt.Source}, position {receipt.Position.Value:N0}, batch end {receipt.BatchEnd.Value:N0}");

    private static async Task<double> MedianMicrosecondsAsync(int count, Func<int, Task> ask)
    {
        double[] times = new double[count];
        for (int i = 0; i < count; i++)
        {
            long started = Stopwatch.GetTimestamp();
            await ask(i);
            times[i] = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
        }

        Array.Sort(times);
        return times[count / 2];
    }
}
