using LambdaCore;
using Reprocessing;
using Spectre.Console;

if (Arguments.Parse(args) is not { } arguments)
{
    Console.Error.WriteLine("Usage: Reprocessing [--events N (at least 1000)] [--seed N]");
    return 1;
}

if (Console.IsOutputRedirected)
{
    AnsiConsole.Profile.Width = 120; // without a terminal there is no width to ask for
}

DirectoryInfo folder = Directory.CreateTempSubdirectory("lambdacore-reprocessing-");
try
{
    Story story = new(folder.FullName, arguments);
    bool isRight = await story.RunAsync();
    AnsiConsole.Write(story.Table);
    Console.WriteLine(isRight ? "all rows agree" : "NOT all rows agree");
    return isRight ? 0 : 1;
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
