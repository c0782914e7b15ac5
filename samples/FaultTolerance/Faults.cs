using System.Globalization;
using LambdaCore;

namespace FaultTolerance;

/// <summary>What became of a fault.</summary>
/// <param name="Injected">What was done.</param>
/// <param name="Promised">What the library promises about it.</param>
/// <param name="Seen">What was seen.</param>
/// <param name="Held">Whether that is what was promised.</param>
internal sealed record Outcome(string Injected, string Promised, string Seen, bool Held);

/// <summary>The faults, one after another, on one store.</summary>
internal sealed class Faults(string folder, int seed)
{
    private readonly Random _random = new(seed);

    private string Store => Path.Combine(folder, "store");

    /// <summary>Injects them.</summary>
    public async IAsyncEnumerable<Outcome> RunAsync()
    {
        for (int kill = 1; kill <= 3; kill++)
        {
            yield return await KillAsync("append", $"kill -9 while appending ({kill} of 3)", "what was acknowledged survives, and a prefix comes back", _random.Next(20, 400));
        }

        for (int kill = 1; kill <= 3; kill++)
        {
            yield return await KillAsync("batch", $"kill -9 while a batch runs ({kill} of 3)", "the views are the fold of what is there", _random.Next(1, 4));
        }

        yield return await DeleteViewsAsync();
        yield return await DamageLookupAsync();
        yield return await DamageSegmentAsync();
        if (!OperatingSystem.IsWindows())
        {
            yield return await FillAsync();
        }

        yield return await OpenTwiceAsync();
    }

    private async Task<Outcome> KillAsync(string task, string injected, string promised, int lines)
    {
        ChildReport child = await ChildProcess.RunAsync(task, Store, lines, TimeSpan.FromMilliseconds(_random.Next(60)));
        (long there, bool isRight) = await LookAsync();
        return new Outcome(
            injected, promised, Text($"{child.Acknowledged:N0} acknowledged, {there:N0} there, views {Rightness(isRight)}"),
            ChildProcess.WasKilled(child) && child.Acknowledged > 0 && there >= child.Acknowledged && isRight);
    }

    private async Task<Outcome> DeleteViewsAsync()
    {
        long before = await BatchAsync();
        Directory.Delete(Path.Combine(Store, "views"), recursive: true);
        (long there, bool isRight) = await LookAsync();
        return new Outcome("all batch views deleted", "only the log is truth: the same answers", Text($"{there:N0} of {before:N0} events, views {Rightness(isRight)}"), there == before && isRight);
    }

    private async Task<Outcome> DamageLookupAsync()
    {
        long before = await BatchAsync();
        string file = Largest(Path.Combine(Store, "views"), "*.lookup");
        Flip(file);
        (long there, bool isRight) = await LookAsync();
        return new Outcome(
            Text($"one bit flipped in {Path.GetExtension(file)} file of a view"), "seen, never served, computed anew by itself", Text($"{there:N0} of {before:N0} events, views {Rightness(isRight)}"), there == before && isRight);
    }

    private async Task<Outcome> DamageSegmentAsync()
    {
        long before = await BatchAsync();
        string file = Largest(Path.Combine(Store, "log"), "*.parquet");
        long at = Flip(file);
        string seen = "nothing was noticed";
        bool isNamed = false;
        try
        {
            await using LambdaStore<Payment> store = await Payments.OpenAsync(Store);
            _ = await store.RunBatchAsync(BatchMode.Full);
        }
        catch (LogCorruptException error)
        {
            isNamed = error.Message.Contains(Path.GetFileName(file), StringComparison.Ordinal);
            seen = isNamed ? "refused, the file is named" : error.Message;
        }

        Flip(file, at);
        (long there, bool isRight) = await LookAsync();
        return new Outcome(
            "one bit flipped in a segment of the log, later restored", "refused, and the file named; right again with the right file",
            Text($"{seen}; then {there:N0} of {before:N0} events, views {Rightness(isRight)}"), isNamed && there == before && isRight);
    }

    private async Task<Outcome> FillAsync()
    {
        // A store of its own, since the log of the other one may be beyond the limit already.
        string fresh = Path.Combine(folder, "full");
        ChildReport child = await ChildProcess.RunAsync("full", fresh);
        (long there, bool isRight) = await LookAsync(fresh);
        bool isRefused = child.LastLine.StartsWith("refused", StringComparison.Ordinal) && child.ExitCode == 0;
        return new Outcome(
            "no room for the log to grow", "fails at once, nothing acknowledged is lost, opens when there is room",
            isRefused ? Text($"{child.Acknowledged:N0} acknowledged, then refused; {there:N0} there, views {Rightness(isRight)}") : child.LastLine,
            isRefused && child.Acknowledged > 0 && there >= child.Acknowledged && isRight);
    }

    private async Task<Outcome> OpenTwiceAsync()
    {
        await using LambdaStore<Payment> store = await Payments.OpenAsync(Store);
        ChildReport child = await ChildProcess.RunAsync("append", Store);
        await Payments.AppendAsync(store, 10);
        bool isRight = await Payments.AreRightAsync(store);
        bool isRefused = child.ExitCode == 3 && child.LastLine.StartsWith(nameof(StoreLockedException), StringComparison.Ordinal)
            && child.LastLine.Contains($"process {Environment.ProcessId}", StringComparison.Ordinal);
        return new Outcome(
            "a second process opens the store", "refused, and told who has it; the first goes on",
            isRefused ? $"refused, process {Environment.ProcessId} named, views {Rightness(isRight)}" : child.LastLine, isRefused && isRight);
    }

    /// <summary>Opens the store after a fault.</summary>
    /// <returns>How many events there are, and whether the view is right, also after more of them and a batch.</returns>
    private async Task<(long There, bool IsRight)> LookAsync(string? of = null)
    {
        await using LambdaStore<Payment> store = await Payments.OpenAsync(of ?? Store);
        long there = store.Position.Value;
        bool isRight = await Payments.AreRightAsync(store);
        await Payments.AppendAsync(store, 100);
        _ = await store.RunBatchAsync();
        return (there, isRight && await Payments.AreRightAsync(store));
    }

    /// <summary>Sees to it that the batch views cover everything.</summary>
    private async Task<long> BatchAsync()
    {
        await using LambdaStore<Payment> store = await Payments.OpenAsync(Store);
        await Payments.AppendAsync(store, 1000);
        _ = await store.RunBatchAsync();
        return store.Position.Value;
    }

    private static string Largest(string folder, string pattern) =>
        Directory.GetFiles(folder, pattern, SearchOption.AllDirectories).MaxBy(f => new FileInfo(f).Length) ?? throw new FileNotFoundException($"There is no {pattern} in {folder}.");

    /// <summary>Flips a bit.</summary>
    /// <returns>Where.</returns>
    private long Flip(string file, long? at = null)
    {
        using FileStream stream = File.Open(file, FileMode.Open, FileAccess.ReadWrite);
        stream.Position = at ?? _random.NextInt64(stream.Length);
        long position = stream.Position;
        int value = stream.ReadByte();
        stream.Position = position;
        stream.WriteByte((byte)(value ^ 16));
        return position;
    }

    private static string Rightness(bool isRight) => isRight ? "right" : "WRONG";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
