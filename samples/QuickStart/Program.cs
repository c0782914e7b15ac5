using LambdaCore;

var hourly = View.Of<PageEvent>("hourly_stats")
    .Where(e => e.EventType != "heartbeat")
    .GroupBy(e => new HourKey(Window.Hour(e.Timestamp), e.EventType))
    .Select(g => new HourStats(g.Count(), g.ApproxDistinct(e => e.UserId), g.Average(e => e.Value)));

await using var store = await LambdaStore.OpenAsync<PageEvent>("analytics-data", o => o
    .EventTime(e => e.Timestamp)
    .AddView(hourly));

var now = DateTimeOffset.UtcNow;
await store.AppendAsync(new PageEvent(now, "view", "ada", null));         // durable when it returns
await store.AppendAsync(new PageEvent[] { new(now, "purchase", "ada", 9.5), new(now, "purchase", "bob", 20) });
await store.RunBatchAsync();                                              // Parquet -> DuckDB -> batch view
await store.AppendAsync(new PageEvent(now, "purchase", "eve", 12.5));     // the speed view has it at once

var answer = await store.Query(hourly)
    .Where(k => k.EventType == "purchase")
    .Between(now.AddHours(-24), now.AddMinutes(1))
    .ExecuteAsync();
foreach (var row in answer.Rows)
    Console.WriteLine($"{row.Key.Hour:HH:mm} {row.Result.Events} purchases, {row.Result.Users} buyers, {row.Result.Average:F2} on average");
Console.WriteLine($"exact for events {answer.Receipt.Range}, source {answer.Receipt.Source}");

public sealed record PageEvent(DateTimeOffset Timestamp, string EventType, string UserId, double? Value);
public readonly record struct HourKey(DateTimeOffset Hour, string EventType);
public readonly record struct HourStats(long Events, long Users, double? Average);
