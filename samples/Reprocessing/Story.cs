using System.Globalization;
using LambdaCore;
using Spectre.Console;

namespace Reprocessing;

/// <summary>
/// The classic case: a view ships with a mistake in its logic, somebody notices, it is mended, and all that it ever said is computed anew, while it goes on
/// to answer. Then wrong data come to light, are corrected, and a range is computed anew for good measure. After each step every row is held against SQL over the files.
/// </summary>
internal sealed class Story(string folder, Arguments arguments)
{
    private bool _isRight = true;

    /// <summary>What was compared, a step a row.</summary>
    public Table Table { get; } = new Table().Border(TableBorder.Simple)
        .AddColumn("after")
        .AddColumn("answered by")
        .AddColumn(new TableColumn("rows").RightAligned())
        .AddColumn(new TableColumn("wrong").RightAligned());

    /// <summary>Tells the story.</summary>
    /// <returns>Whether rows were wrong only as long as the mistake was there.</returns>
    public async Task<bool> RunAsync()
    {
        await ShipAsync();
        await MendAsync();
        return _isRight;
    }

    /// <summary>The view with the mistake goes into production, and a comparison with SQL finds it.</summary>
    private async Task ShipAsync()
    {
        await using LambdaStore<Sale> store = await OpenAsync(Views.RevenueAsShipped);
        foreach (Sale[] sales in Till.Sales(arguments.Events, arguments.Seed).Chunk(10_000))
        {
            _ = await store.AppendAsync(sales);
        }

        _ = await store.RunBatchAsync();
        await CheckAsync("a mistake is shipped", store, Views.RevenueAsShipped, isExpectedWrong: true);
    }

    /// <summary>The store is opened with the mended definition, and the data are corrected.</summary>
    private async Task MendAsync()
    {
        await using LambdaStore<Sale> store = await OpenAsync(Views.RevenueMended);

        // Nobody waits: until the view is computed anew, its answers come from the log, slower but right.
        await CheckAsync("it is mended", store, Views.RevenueMended);
        await store.WaitForViewsAsync();
        await CheckAsync("all is computed anew", store, Views.RevenueMended);

        CorrectionPreview<Sale> preview = await store.PreviewAsync(
            e => e.Shop == Till.WrongShop && e.Time >= Till.WrongFrom && e.Time < Till.WrongTo, s => s.Set(e => e.Cents, e => e.Cents / 10));
        EventDifference<Sale> first = preview.Sample[0];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{preview.Events} events of {Till.WrongShop} would change, the first of them from {first.Before.Cents} to {first.After.Cents} cents"));

        Correction correction = await store.CorrectAsync(
            e => e.Shop == Till.WrongShop && e.Time >= Till.WrongFrom && e.Time < Till.WrongTo,
            s => s.Set(e => e.Cents, e => e.Cents / 10),
            "the till sent mills",
            "the shop's keeper");
        _isRight &= correction.Events == preview.Events && correction.Views.All(v => v.Failure is null);
        await CheckAsync($"{correction.Events} events are corrected", store, Views.RevenueMended);

        ViewRebuild rebuild = await store.ReprocessAsync(Views.RevenueMended, Till.WrongFrom, Till.WrongTo, "to be sure of that day", swapByHand: true);
        await CheckAsync("its day is being computed anew", store, Views.RevenueMended);
        await rebuild.SwapAsync();
        Console.WriteLine(rebuild.Status);
        await CheckAsync("its day is computed anew", store, Views.RevenueMended);
        foreach (LogChange change in await store.ReadChangesAsync())
        {
            Console.WriteLine(change);
        }
    }

    private Task<LambdaStore<Sale>> OpenAsync(ViewDefinition<Sale, DayKey, Revenue> revenue) => LambdaStore.OpenAsync<Sale>(Path.Combine(folder, "shops"), o =>
    {
        o.EventTime(e => e.Time).AddView(revenue).AddView(Views.Shops);

        // So few events would be folded while the store opens; here they stand for many.
        o.Rebuilds = o.Rebuilds with { FoldedAtOpening = 0 };
    });

    private async Task CheckAsync(string after, LambdaStore<Sale> store, ViewDefinition<Sale, DayKey, Revenue> view, bool isExpectedWrong = false)
    {
        string path = Path.Combine(folder, "shops");
        ViewAnswer<DayKey, Revenue> answer = await store.Query(view).ExecuteAsync();
        (int different, int rows) = await DirectSql.CheckRevenueAsync(store, view, path);
        (int differentShops, int rowsOfShops) = await DirectSql.CheckShopsAsync(store, path);
        _isRight &= differentShops == 0 && (isExpectedWrong ? different > 0 : different == 0);
        _ = Table.AddRow(
            after,
            answer.Receipt.Source.ToString().ToLowerInvariant(),
            (rows + rowsOfShops).ToString("N0", CultureInfo.InvariantCulture),
            (different + differentShops).ToString("N0", CultureInfo.InvariantCulture));
    }
}
