using System.Diagnostics;
using NUnit.Framework;

namespace LambdaCore.Tests.Faults;

/// <summary>Programs of the system that inject faults. Where they are missing and can be installed, they are; else the test that needs one is skipped with the reason.</summary>
internal static class Tools
{
    private static readonly Lock Installing = new();
    private static string? _whyNot;

    /// <summary>Makes sure that this is Linux and root, and that programs are there, or ends the test as ignored.</summary>
    /// <param name="programs">What is run, and the Debian package that has it.</param>
    public static void RequireOrIgnore(params (string Program, string Package)[] programs)
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            Assert.Ignore("Real faults of the system are injected on Linux, by root, only.");
        }

        lock (Installing)
        {
            if (programs.Any(p => !IsThere(p.Program)) && _whyNot is null)
            {
                _whyNot = Install([.. programs.Select(p => p.Package)]);
            }
        }

        foreach ((string program, string package) in programs.Where(p => !IsThere(p.Program)))
        {
            Assert.Ignore($"The program {program} (Debian package {package}) is missing and could not be installed: {_whyNot}");
        }
    }

    /// <summary>Runs a program to its end.</summary>
    public static (int ExitCode, string Output) Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        return (process.ExitCode, output.Result + errors.Result);
    }

    /// <summary>Runs a program that must succeed.</summary>
    public static void Do(string program, params string[] arguments)
    {
        (int exitCode, string output) = Run(program, arguments);
        if (exitCode != 0)
        {
            throw new InvalidOperationException($"'{program} {string.Join(' ', arguments)}' ended with {exitCode}: {output}");
        }
    }

    private static bool IsThere(string program) =>
        $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin".Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>Installs packages.</summary>
    /// <returns>Why that did not work; empty if it did.</returns>
    private static string Install(string[] packages)
    {
        if (!IsThere("apt-get"))
        {
            return "there is no apt-get here.";
        }

        _ = Run("apt-get", "update", "-q");
        (int exitCode, string output) = Run("env", ["DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-q", "-y", "--no-install-recommends", .. packages]);
        return exitCode == 0 ? "" : $"apt-get install ended with {exitCode}: {string.Join(' ', output.Split('\n').TakeLast(3))}";
    }
}
