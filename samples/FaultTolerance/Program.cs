using System.Globalization;
using FaultTolerance;
using LambdaCore;
using Spectre.Console;

if (args is [Child.Word, var task, var store])
{
    return await Child.RunAsync(task, store);
}

int seed = 1;
if (args is not [] && !(args is ["--seed", var text] && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out seed)))
{
    Console.Error.WriteLine("Usage: FaultTolerance [--seed N]");
    return 1;
}

if (Console.IsOutputRedirected)
{
    AnsiConsole.Profile.Width = 160; // without a terminal there is no width to ask for
}

DirectoryInfo folder = Directory.CreateTempSubdirectory("lambdacore-faults-");
Table table = new Table().Border(TableBorder.Simple).AddColumn("injected").AddColumn("promised").AddColumn("seen").AddColumn("held");
int broken = 0;
try
{
    await foreach (Outcome outcome in new Faults(folder.FullName, seed).RunAsync())
    {
        _ = table.AddRow(outcome.Injected.EscapeMarkup(), outcome.Promised.EscapeMarkup(), outcome.Seen.EscapeMarkup(), outcome.Held ? "yes" : "NO");
        broken += outcome.Held ? 0 : 1;
    }

    AnsiConsole.Write(table);
    Console.WriteLine(broken == 0 ? "all promises held" : $"{broken} promises BROKEN");
    return broken == 0 ? 0 : 1;
}
catch (LambdaCoreException error)
{
    Console.Error.WriteLine(error);
    return 1;
}
finally
{
    folder.Delete(recursive: true);
}
