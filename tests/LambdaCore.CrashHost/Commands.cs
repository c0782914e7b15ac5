using System.Globalization;

namespace LambdaCore.CrashHost;

/// <summary>Takes commands, a line each, and says "ready" before each.</summary>
/// <remarks>
/// <c>repeat TAPE LIFE SEED FOLDER PHASE FOLDER PHASE ...</c> works on several stores until it is killed; <c>once TAPE LIFE SEED FOLDER PHASE PHASE ...</c> does what it is told once, after the tape
/// was started; <c>batch TAPE 0 0 FOLDER</c> computes a view of very many keys in little memory; <c>parquet TAPE FIRST SEED FOLDER VARIANTS COUNT</c> reads hostile
/// Parquet files. The fields are separated by tabs.
/// </remarks>
public static class Commands
{
    /// <summary>Takes commands until there are no more.</summary>
    public static async Task TakeAsync()
    {
        while (true)
        {
            await Console.Out.WriteLineAsync("ready");
            if (await Console.In.ReadLineAsync() is not { } line)
            {
                return;
            }

            string[] fields = line.Split('\t');
            using Tape tape = Tape.Open(fields[1]);
            int life = int.Parse(fields[2], CultureInfo.InvariantCulture);
            int seed = int.Parse(fields[3], CultureInfo.InvariantCulture);
            if (fields[0] == "repeat")
            {
                await Task.WhenAny(fields[4..].Chunk(2).Select((pair, job) => RepeatAsync(tape, job, pair[0], pair[1], life, seed + job)));
                await Task.Delay(Timeout.Infinite);
            }

            if (fields[0] == "parquet")
            {
                await HostileParquet.RunAsync(tape, fields[4], fields[5], life, int.Parse(fields[6], CultureInfo.InvariantCulture), seed);
                continue;
            }

            if (fields[0] == "batch")
            {
                await BatchAsync(fields[4], tape);
                continue;
            }

            while (!tape.IsStarted)
            {
                Thread.Sleep(1);
            }

            using (StoreWork work = new(tape, 0, fields[4], life, seed))
            {
                await work.OnceAsync(fields[5..]);
            }

            // A fault may still be there, which must meet no call but those of the work.
            while (tape.IsStarted)
            {
                Thread.Sleep(1);
            }
        }
    }

    private static async Task RepeatAsync(Tape tape, int job, string folder, string phase, int life, int seed)
    {
        try
        {
            using StoreWork work = new(tape, job, folder, life, seed);
            await work.RepeatAsync(phase);
        }
        catch (Exception error)
        {
            tape.Write($"{job} failed {phase} {error}");
        }
    }

    /// <summary>Computes a view of the store of <see cref="NumberedEvent"/>s.</summary>
    private static async Task BatchAsync(string folder, Tape tape)
    {
        try
        {
            await using LambdaStore<NumberedEvent> store = await LambdaStore.OpenAsync<NumberedEvent>(folder, o =>
            {
                o.EventTime(e => e.At).AddView(NumberedViews.ByNumber);
                o.BatchMemoryBytes = 32L << 20;
                o.SpeedMemoryBytes = 16L << 20;
                o.BatchThreads = 1;
                o.Rebuilds = o.Rebuilds with { FoldedAtOpening = 0, Share = 1 };
            });
            await store.WaitForViewsAsync();
            tape.Write("0 rebuilt");
            BatchRun run = await store.RunBatchAsync(BatchMode.Full);
            tape.Write($"0 done {run}");
        }
        catch (Exception error)
        {
            tape.Write($"0 failed batch {error.GetType().Name} {error.Message}");
        }

        tape.Write("0 ended");
    }
}
