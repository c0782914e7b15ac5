using System.Diagnostics;
using System.Text.Json;
using NUnit.Framework;

namespace LambdaCore.Tests.Tables;

/// <summary>Reads Delta tables with a program that knows nothing of this library: ClickHouse as a library, from npm's chdb,
/// pinned in Tables/chdb.</summary>
/// <remarks>It is installed once into the test project's obj folder (some 550 MB). Where node or npm are missing, the
/// calling test is ignored with that reason; anything else that goes wrong fails it.</remarks>
internal static class IndependentDeltaReader
{
    private static readonly Lazy<string> Installed = new(Install);

    /// <summary>Runs one query over one table.</summary>
    /// <param name="folder">The absolute physical path of the table's folder.</param>
    /// <param name="sql">ClickHouse's SQL, in which {table} stands for the table.</param>
    /// <returns>The rows, each value as ClickHouse writes it as text.</returns>
    public static IReadOnlyList<string?[]> Query(string folder, string sql) => Query([(folder, sql)])[0];

    /// <summary>Runs several queries in one process, which saves its start.</summary>
    public static IReadOnlyList<IReadOnlyList<string?[]>> Query(params IReadOnlyList<(string Folder, string Sql)> queries)
    {
        string work = Installed.Value;
        string input = JsonSerializer.Serialize(queries.Select(query => new { table = query.Folder, sql = query.Sql }));
        // From the root, because ClickHouse reads local files only below the folder that it runs in.
        string root = Path.GetPathRoot(Path.GetFullPath(queries[0].Folder))!;
        string output = Run("node", [Path.Combine(work, "query.js")], root, input);
        using JsonDocument document = JsonDocument.Parse(output);
        return [.. document.RootElement.EnumerateArray().Select((answer, index) =>
            answer.TryGetProperty("rows", out JsonElement rows)
                ? (IReadOnlyList<string?[]>)[.. rows.EnumerateArray().Select(row => row.EnumerateArray().Select(value => value.GetString()).ToArray())]
                : throw new InvalidOperationException($"The independent reader refused '{queries[index].Sql}' on '{queries[index].Folder}': {answer.GetProperty("error").GetString()}"))];
    }

    private static string Install()
    {
        if (!CanRun("node") || !CanRun("npm"))
        {
            Assert.Ignore("node and npm are needed to read the tables with an independent reader, and at least one of them is not on the PATH.");
        }

        string project = ProjectFolder();
        string source = Path.Combine(project, "Tables", "chdb");
        string work = Path.Combine(project, "obj", "chdb");
        Directory.CreateDirectory(work);
        using FileStream alone = WaitForLock(Path.Combine(work, "lock"));
        string wanted = File.ReadAllText(Path.Combine(source, "package-lock.json"));
        string marker = Path.Combine(work, "installed.json");
        foreach (string file in Directory.GetFiles(source))
        {
            File.Copy(file, Path.Combine(work, Path.GetFileName(file)), overwrite: true);
        }

        if (!File.Exists(marker) || File.ReadAllText(marker) != wanted)
        {
            Run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], work, "");
            File.WriteAllText(marker, wanted);
        }

        return work;
    }

    private static string ProjectFolder()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "LambdaCore.Tests.csproj")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException($"There is no LambdaCore.Tests.csproj above '{AppContext.BaseDirectory}'.");
    }

    private static FileStream WaitForLock(string path)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                Thread.Sleep(200);
            }
        }
    }

    private static bool CanRun(string program)
    {
        try
        {
            Run(program, ["--version"], Path.GetTempPath(), "");
            return true;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static string Run(string program, IEnumerable<string> arguments, string folder, string input)
    {
        string file = OperatingSystem.IsWindows() && program == "npm" ? "npm.cmd" : program;
        using Process process = Process.Start(new ProcessStartInfo(file, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output.Result
            : throw new InvalidOperationException($"'{program} {string.Join(' ', arguments)}' in '{folder}' ended with {process.ExitCode}: {errors.Result}");
    }
}
