using System.Globalization;
using LambdaCore;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace WebAnalytics;

/// <summary>Shows snapshots until it is stopped: a live page in a terminal, a line per second elsewhere.</summary>
internal static class Dashboard
{
    public static Task ShowAsync(LambdaStore<PageEvent> store, CancellationToken stop) =>
        AnsiConsole.Profile.Capabilities.Interactive && !Console.IsOutputRedirected
            ? AnsiConsole.Live(new Text("")).StartAsync(page => RepeatAsync(store, TimeSpan.FromMilliseconds(250), s => page.UpdateTarget(Page(s)), stop))
            : RepeatAsync(store, TimeSpan.FromSeconds(1), s => Console.WriteLine(Line(s)), stop);

    private static async Task RepeatAsync(LambdaStore<PageEvent> store, TimeSpan period, Action<Snapshot> show, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            if (await Snapshot.TakeAsync(store) is { } snapshot)
            {
                show(snapshot);
            }

            await Task.Delay(period, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static string Line(Snapshot s)
    {
        HourStats views = s.Hours.Rows.LastOrDefault(r => r.Key.EventType == "view")?.Result ?? default;
        ViewEntry<string, ProductStats> best = s.BestSellers.Rows[0];
        return string.Create(CultureInfo.InvariantCulture,
            $"{s.Hours.Receipt.Watermark:d MMM HH:mm}  {views.Events,5:N0} views by {views.Users,5:N0} users this hour  best {best.Key} {best.Result.Purchases:N0} sold ({Rate(best.Result)})  {s.ActiveSinceBatch,6:N0} users active since batch  {Receipt(s.Hours.Receipt)}");
    }

    private static Rows Page(Snapshot s)
    {
        Table hours = NewTable("hour", "event", "events", "users", "average", "total");
        foreach (ViewEntry<HourKey, HourStats> row in s.Hours.Rows.Reverse())
        {
            _ = hours.AddRow($"{row.Key.Hour:d MMM HH:mm}", row.Key.EventType, $"{row.Result.Events:N0}", $"{row.Result.Users:N0}", $"{row.Result.AverageValue:N2}", $"{row.Result.TotalValue:N2}");
        }

        Table products = NewTable("product", "views", "purchases", "conversion");
        foreach (ViewEntry<string, ProductStats> row in s.BestSellers.Rows)
        {
            _ = products.AddRow(row.Key, $"{row.Result.Views:N0}", $"{row.Result.Purchases:N0}", Rate(row.Result));
        }

        List<IRenderable> parts = [hours, new Text(Receipt(s.Hours.Receipt)), products, new Text(Receipt(s.BestSellers.Receipt))];
        if (s.User is { } user)
        {
            parts.Add(new Text($"\n{user.Key}: {user.Result.Name ?? "no name"}, {user.Result.Email ?? "no e-mail"}, {user.Result.Events:N0} events, last {user.Result.LastActivity:d MMM HH:mm}, {(s.UserIsActive ? "active" : "not active")} since the last batch"));
            parts.Add(new Text(Receipt(user.Receipt)));
        }

        parts.Add(new Text($"\n{s.ActiveSinceBatch:N0} users active since the last batch"));
        return new Rows(parts);
    }

    private static Table NewTable(params string[] columns)
    {
        Table table = new Table().Border(TableBorder.Simple);
        foreach (string column in columns)
        {
            _ = table.AddColumn(column, c => c.Alignment = column is "hour" or "event" or "product" ? Justify.Left : Justify.Right);
        }

        return table;
    }

    private static string Rate(ProductStats stats) => stats.ConversionRate is { } rate ? rate.ToString("P1", CultureInfo.InvariantCulture) : "no views";

    private static string Receipt(Receipt r) => string.Create(CultureInfo.InvariantCulture,
        $"{r.Source.ToString().ToLowerInvariant()} at {r.Position.Value:N0}, batch end {r.BatchEnd.Value:N0}, watermark {r.Watermark:d MMM HH:mm:ss}");
}
