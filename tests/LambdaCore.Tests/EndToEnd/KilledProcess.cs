using System.Diagnostics;
using System.Globalization;
using LambdaCore.CrashHost;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>One acknowledgement that a host told of before it was killed.</summary>
internal readonly record struct Acknowledgement(int Producer, long Number, int Count, long Position);

/// <summary>A process that appends with all its might until it is killed.</summary>
internal static class KilledProcess
{
    /// <summary>Starts the host, and kills it some time after its first acknowledgement.</summary>
    /// <param name="folder">The store.</param>
    /// <param name="firstProducer">The number of its first producer.</param>
    /// <param name="producers">How many producers it has.</param>
    /// <param name="life">How long it lives after its first acknowledgement.</param>
    /// <param name="kind">What the producers do: "appends", or "repeats".</param>
    /// <returns>What it acknowledged.</returns>
    public static async Task<List<Acknowledgement>> RunAsync(string folder, int firstProducer, int producers, TimeSpan life, string kind = "appends")
    {
        string program = typeof(NumberedEvent).Assembly.Location;
        ProcessStartInfo start = new("dotnet", ["exec", program, folder, $"{firstProducer}", $"{producers}", kind]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        List<Acknowledgement> acknowledged = [];
        Task? killing = null;
        string output = "";
        char[] buffer = new char[4096];
        for (int read; (read = await process.StandardOutput.ReadAsync(buffer)) > 0;)
        {
            output += new string(buffer, 0, read);
            int end = output.LastIndexOf('\n') + 1;

            // A line without an end was cut off by the kill.
            acknowledged.AddRange(output[..end].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse));
            output = output[end..];
            killing ??= acknowledged.Count > 0 ? KillAfterAsync(process, life) : null;
        }

        await (killing ?? Task.CompletedTask);
        await process.WaitForExitAsync();
        string said = await errors;
        Assert.That(process.ExitCode, Is.EqualTo(128 + 9), $"The host ended by itself: {said}");
        Assert.That(said, Is.Empty);
        return acknowledged;
    }

    private static async Task KillAfterAsync(Process process, TimeSpan life)
    {
        await Task.Delay(life);
        process.Kill();
    }

    private static Acknowledgement Parse(string line)
    {
        string[] parts = line.Split(' ');
        return new Acknowledgement(
            int.Parse(parts[0], CultureInfo.InvariantCulture), long.Parse(parts[1], CultureInfo.InvariantCulture),
            int.Parse(parts[2], CultureInfo.InvariantCulture), long.Parse(parts[3], CultureInfo.InvariantCulture));
    }
}
