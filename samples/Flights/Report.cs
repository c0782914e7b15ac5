using System.Globalization;
using Spectre.Console;

namespace Flights;

/// <summary>Shows the comparisons as a table.</summary>
internal static class Report
{
    public static void Show(IEnumerable<Comparison> comparisons)
    {
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = 120; // without a terminal there is no width to ask for
        }

        Table table = new Table().Border(TableBorder.Simple)
            .AddColumn("view")
            .AddColumn("source")
            .AddColumn(new TableColumn("rows").RightAligned())
            .AddColumn(new TableColumn("matches").RightAligned())
            .AddColumn(new TableColumn("largest difference").RightAligned())
            .AddColumn(new TableColumn("worst estimate").RightAligned());
        foreach (Comparison c in comparisons)
        {
            table.AddRow(
                c.View,
                c.Source.ToString().ToLowerInvariant(),
                c.Rows.ToString("N0", CultureInfo.InvariantCulture),
                c.Matches.ToString("N0", CultureInfo.InvariantCulture),
                c.LargestDifference.ToString("G3", CultureInfo.InvariantCulture),
                c.LargestError is { } error ? string.Create(CultureInfo.InvariantCulture, $"{error:F1} std. errors") : "-");
        }

        AnsiConsole.Write(table);
    }
}
