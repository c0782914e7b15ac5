using System.Globalization;
using System.Runtime.InteropServices;
using LambdaCore;

namespace FaultTolerance;

/// <summary>The part of this program that is killed, starved and turned away: it runs as a process of its own.</summary>
internal static partial class Child
{
    /// <summary>The argument that makes this program a child.</summary>
    public const string Word = "--child";

    private const int FileSizeLimit = 1;

    /// <summary>Does what its parent wants, and tells on the console how far it is.</summary>
    /// <returns>The exit code: 0 if it came to an end, 3 if it failed with an error that is told.</returns>
    public static async Task<int> RunAsync(string task, string folder)
    {
        try
        {
            await using LambdaStore<Payment> store = await Payments.OpenAsync(folder);
            switch (task)
            {
                case "append":
                    await AppendAsync(store);
                    break;
                case "batch":
                    await BatchAsync(store);
                    break;
                case "full":
                    await FillAsync(store);
                    break;
            }

            return 0;
        }
        catch (LambdaCoreException error)
        {
            Console.WriteLine($"{error.GetType().Name}: {error.Message}");
            return 3;
        }
    }

    private static async Task AppendAsync(LambdaStore<Payment> store)
    {
        while (true)
        {
            await Payments.AppendAsync(store, 7);
            Tell(store.Position);
        }
    }

    private static async Task BatchAsync(LambdaStore<Payment> store)
    {
        while (true)
        {
            await Payments.AppendAsync(store, 500);
            Tell(store.Position);
            _ = await store.RunBatchAsync(BatchMode.Full);
        }
    }

    /// <summary>Appends while no file may grow beyond some bytes: the system writes what fits, and refuses the rest, as on a full disk.</summary>
    private static async Task FillAsync(LambdaStore<Payment> store)
    {
        // The log's file has its full length before there is anything in it.
        await Payments.AppendAsync(store, 7);
        Limit limit = new() { Soft = 300_001, Hard = 300_001 };
        if (SetLimit(FileSizeLimit, in limit) != 0)
        {
            throw new InvalidOperationException("setrlimit failed.");
        }

        int refused = 0;
        string? first = null;
        while (refused < 3)
        {
            try
            {
                await Payments.AppendAsync(store, 7);
                Tell(store.Position);
            }
            catch (LambdaCoreException error)
            {
                first ??= error.Message;
                refused++;
            }
        }

        Console.WriteLine($"refused {first}");
    }

    private static void Tell(LogPosition position)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{position.Value}"));
        Console.Out.Flush();
    }

    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    private static partial int SetLimit(int resource, in Limit limit);

    /// <summary>What the system wants to know about a limit.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
