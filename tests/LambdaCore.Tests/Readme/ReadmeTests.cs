using System.Runtime.CompilerServices;
using NUnit.Framework;

namespace LambdaCore.Tests.Readme;

/// <summary>What the README shows is compiled and run, so that it cannot rot.</summary>
internal sealed class ReadmeTests
{
    [Test]
    public void The_quick_start_is_the_program_that_is_compiled()
    {
        string readme = File.ReadAllText(Path.Combine(Top(), "README.md"));
        string program = File.ReadAllText(Path.Combine(Top(), "samples", "QuickStart", "Program.cs"));
        string[] parts = readme.Split("```");
        string shown = parts.First(p => p.StartsWith("csharp\n", StringComparison.Ordinal))["csharp\n".Length..];
        Assert.That(shown.TrimEnd(), Is.EqualTo(program.TrimEnd()));
    }

    [Test]
    public void The_README_has_exactly_two_commands()
    {
        string[] commands = [.. File.ReadAllText(Path.Combine(Top(), "README.md")).Split("```")
            .Where(p => p.StartsWith("sh\n", StringComparison.Ordinal))
            .Select(p => p["sh\n".Length..].Trim())];
        Assert.That(commands, Is.EqualTo(new[] { "dotnet run --project samples/Flights -c Release", "dotnet test -c Release" }));
    }

    [Test]
    public void Every_local_link_of_the_documents_leads_somewhere()
    {
        string[] documents = ["README.md", "src/README.md", "src/decisions/README.md"];
        foreach (string document in documents)
        {
            string folder = Path.GetDirectoryName(Path.Combine(Top(), document))!;
            foreach (string target in File.ReadAllText(Path.Combine(Top(), document)).Split("](").Skip(1).Select(p => p[..p.IndexOf(')')]))
            {
                Assert.That(Path.Exists(Path.Combine(folder, target)), $"{document} links to {target}");
            }
        }
    }

    private static string Top([CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "../../.."));
}
