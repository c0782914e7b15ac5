using System.Diagnostics;
using System.IO.Compression;
using System.Xml.Linq;
using NUnit.Framework;

namespace LambdaCore.Tests.Packaging;

/// <summary>Packs a clean copy of the sources and uses the package as a stranger would: from a folder, without npm.</summary>
[TestFixture]
[Category("Package")]
internal sealed class PackageTests
{
    private const string Version = "0.0.1-test";

    // What a project with nothing but the package can do; the answer goes to standard output.
    private const string ConsumerProgram =
        """
        using System.Reflection;

        const BindingFlags Any = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
        Assembly library = typeof(LambdaCore.LambdaCoreException).Assembly;
        object options = Activator.CreateInstance(library.GetType("LambdaCore.DuckDb.DuckDbOptions", throwOnError: true)!)!;
        Type instanceType = library.GetType("LambdaCore.DuckDb.DuckDbInstance", throwOnError: true)!;
        using IDisposable instance = (IDisposable)Activator.CreateInstance(instanceType, options)!;
        using IDisposable connection = (IDisposable)instanceType.GetMethod("Connect", Any)!.Invoke(instance, null)!;
        MethodInfo execute = connection.GetType().GetMethod("Execute", Any)!;
        execute.Invoke(connection, ["CREATE TABLE t(i BIGINT)"]);
        Console.WriteLine("rows " + execute.Invoke(connection, ["INSERT INTO t SELECT range FROM range(7)"]));
        Console.WriteLine("faster " + (Assembly.Load("FASTER.core").GetTypes().Length > 100));
        """;

    private string folder = null!;

    [OneTimeSetUp]
    public void Pack()
    {
        folder = Directory.CreateTempSubdirectory("lambdacore-package-").FullName;
        string root = RepositoryRoot();
        string copy = Path.Combine(folder, "sources");
        foreach (string file in new[] { "Directory.Build.props", "Directory.Packages.props", "README.md", "LICENSE", ".editorconfig" })
        {
            CopyFile(Path.Combine(root, file), Path.Combine(copy, file));
        }

        string project = Path.Combine("src", "LambdaCore");
        foreach (string file in Directory.EnumerateFiles(Path.Combine(root, project), "*", SearchOption.AllDirectories))
        {
            string relative = Path.GetRelativePath(Path.Combine(root, project), file);
            if (relative.Split(Path.DirectorySeparatorChar)[0] is not ("bin" or "obj"))
            {
                CopyFile(file, Path.Combine(copy, project, relative));
            }
        }

        Dotnet(copy, withNpm: true, "pack", project, "-c", "Release", "-o", Path.Combine(folder, "feed"), $"-p:Version={Version}");
    }

    [OneTimeTearDown]
    public void Clean() => Directory.Delete(folder, recursive: true);

    [Test]
    public void The_package_brings_the_native_library_faster_and_their_licences()
    {
        using ZipArchive package = ZipFile.OpenRead(Path.Combine(folder, "feed", $"LambdaCore.{Version}.nupkg"));
        string[] files = [.. package.Entries.Select(entry => entry.FullName)];

        Assert.That(files, Has.Some.Matches("^runtimes/[a-z]+-[a-z0-9]+/native/(lib)?duckdb\\.(so|dylib|dll)$"));
        Assert.That(files, Is.SupersetOf(new[] { "lib/net10.0/LambdaCore.dll", "lib/net10.0/FASTER.core.dll", "THIRD-PARTY-NOTICES.txt", "README.md" }));
    }

    [Test]
    public void The_package_depends_on_nothing_but_microsoft_extensions_and_polly()
    {
        using ZipArchive package = ZipFile.OpenRead(Path.Combine(folder, "feed", $"LambdaCore.{Version}.nupkg"));
        using Stream nuspec = package.GetEntry("LambdaCore.nuspec")!.Open();
        string[] dependencies = [.. XDocument.Load(nuspec).Descendants().Where(e => e.Name.LocalName == "dependency").Select(e => (string)e.Attribute("id")!)];

        Assert.That(dependencies, Is.Not.Empty.And.All.Matches("^(Microsoft\\.Extensions\\.|Polly\\.Core$)"));
    }

    [Test]
    public void A_fresh_project_runs_on_the_package_without_npm([Values] bool published)
    {
        string consumer = Path.Combine(folder, "consumer" + published);
        Directory.CreateDirectory(consumer);
        string cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        File.WriteAllText(
            Path.Combine(consumer, "consumer.csproj"),
            $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <RestoreAdditionalProjectSources>{Path.Combine(folder, "feed")}</RestoreAdditionalProjectSources>
                <RestorePackagesPath>{Path.Combine(folder, "packages")}</RestorePackagesPath>
                <RestoreFallbackFolders Condition="Exists('{cache}')">{cache}</RestoreFallbackFolders>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="LambdaCore" Version="{Version}" />
              </ItemGroup>
            </Project>
            """);
        File.WriteAllText(Path.Combine(consumer, "Program.cs"), ConsumerProgram);
        Directory.CreateDirectory(Path.Combine(folder, "empty"));

        string output;
        if (published)
        {
            Dotnet(consumer, withNpm: false, "publish", "-o", "app", "--use-current-runtime", "--self-contained", "false");
            output = Dotnet(Path.Combine(consumer, "app"), withNpm: false, "consumer.dll");
        }
        else
        {
            output = Dotnet(consumer, withNpm: false, "run");
        }

        Assert.That(output, Does.Contain("rows 7").And.Contain("faster True"));
    }

    private string Dotnet(string directory, bool withNpm, params string[] arguments)
    {
        ProcessStartInfo start = new(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet", arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (!withNpm)
        {
            start.Environment["PATH"] = Path.Combine(folder, "empty");
        }

        // The runner's own settings must not reach the inner builds.
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            start.Environment.Remove(name);
        }

        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.Zero, $"dotnet {string.Join(' ', arguments)}\n{output}\n{errors.Result}");
        return output;
    }

    private static void CopyFile(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        File.Copy(from, to);
    }

    private static string RepositoryRoot()
    {
        string directory = TestContext.CurrentContext.TestDirectory;
        while (!File.Exists(Path.Combine(directory, "LambdaCore.sln")))
        {
            directory = Path.GetDirectoryName(directory)
                ?? throw new InvalidOperationException($"No LambdaCore.sln above {TestContext.CurrentContext.TestDirectory}.");
        }

        return directory;
    }
}
