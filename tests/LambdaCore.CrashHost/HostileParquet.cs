using System.Globalization;

namespace LambdaCore.CrashHost;

/// <summary>
/// Opens a store, has it verify its files, and then, again and again, puts a Parquet file that somebody made on purpose in the place of one, as if all of its hashes were right: DuckDB's reader and
/// those of what it gives meet it. It tells of each file before it reads it, so that who reads the tape knows which one ended the process.
/// </summary>
/// <remarks>Lines: <c>at NUMBER VARIANT OPERATION</c>, then <c>answered NUMBER</c>, <c>refused NUMBER ERROR</c> or <c>wrong NUMBER ERROR</c>; in the end <c>peak KILOBYTES</c> and <c>ended</c>.</remarks>
public static class HostileParquet
{
    /// <summary>After so many files it looks whether the store is right again with the healthy ones.</summary>
    private const int Round = 40;

    /// <summary>Reads hostile files.</summary>
    /// <param name="tape">Where it tells.</param>
    /// <param name="folder">The store of <see cref="MeasuredEvent"/>s.</param>
    /// <param name="variants">A folder with other forms of the store's files, named <c>KIND.FORM</c>.</param>
    /// <param name="first">The number of the first file.</param>
    /// <param name="count">How many.</param>
    /// <param name="seed">With the number it decides what a file is like.</param>
    public static async Task RunAsync(Tape tape, string folder, string variants, int first, int count, int seed)
    {
        string segment = Directory.GetFiles(Path.Combine(folder, "log"), "*.parquet").Single();
        string letters = Directory.GetFiles(Path.Combine(folder, "deadletters"), "*.parquet").Single();
        (byte[] segmentBytes, byte[] letterBytes) = (await File.ReadAllBytesAsync(segment), await File.ReadAllBytesAsync(letters));
        string[] forms = [.. Directory.GetFiles(variants).Order(StringComparer.Ordinal)];
        await using LambdaStore<MeasuredEvent> store = await LambdaStore.OpenAsync<MeasuredEvent>(folder, MeasuredEvent.Configure);
        string healthy = await AskAsync(store);
        for (int number = first; number < first + count; number++)
        {
            Random random = new(unchecked((seed * 1_000_003) + number));
            string form = forms[random.Next(forms.Length)];
            bool isSegment = Path.GetFileName(form).StartsWith("segment", StringComparison.Ordinal);
            Replace(isSegment ? segment : letters, Mutate(await File.ReadAllBytesAsync(form), random));
            int operation = isSegment ? random.Next(5) : 5;
            tape.Write(string.Create(CultureInfo.InvariantCulture, $"at {number} {Path.GetFileName(form)} {operation}"));
            tape.Write(await OutcomeAsync(store, operation, random, number));
            Replace(isSegment ? segment : letters, isSegment ? segmentBytes : letterBytes);
            if (number % Round == Round - 1 && await AskAsync(store) is var after && after != healthy)
            {
                tape.Write(string.Create(CultureInfo.InvariantCulture, $"wrong {number} healthy files again, and yet {after} instead of {healthy}"));
            }
        }

        string peak = (await File.ReadAllLinesAsync("/proc/self/status")).First(l => l.StartsWith("VmHWM", StringComparison.Ordinal));
        tape.Write($"peak {peak.Split(':')[1].Replace("kB", "", StringComparison.Ordinal).Trim()}");
        tape.Write("ended");
    }

    /// <summary>All that a whole store says.</summary>
    private static async Task<string> AskAsync(LambdaStore<MeasuredEvent> store)
    {
        _ = await store.RunBatchAsync(BatchMode.Full);
        List<string> answers = [];
        foreach (ViewEntry<string, MeasuredTotals> row in (await store.Query(MeasuredEvent.BySensor).ExecuteAsync()).Rows)
        {
            answers.Add(string.Create(CultureInfo.InvariantCulture, $"{row.Key} {row.Result.Count} {row.Result.Sum} {row.Result.Amount} {row.Result.Last:O} {row.Result.Note} {row.Result.Raws} {row.Result.Median}"));
        }

        int letters = 0;
        await foreach (DeadLetter<MeasuredEvent> letter in store.ReadDeadLettersAsync())
        {
            letters += letter.Event.Value;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{string.Join(';', answers)} {letters}");
    }

    private static async Task<string> OutcomeAsync(LambdaStore<MeasuredEvent> store, int operation, Random random, int number)
    {
        try
        {
            await UseAsync(store, operation, random);
            return string.Create(CultureInfo.InvariantCulture, $"answered {number}");
        }
        catch (LambdaCoreException error)
        {
            return string.Create(CultureInfo.InvariantCulture, $"refused {number} {error.GetType().Name}: {Beginning(error.Message)}");
        }
        catch (OverflowException error) when (error.Message.StartsWith("The sum", StringComparison.Ordinal))
        {
            return string.Create(CultureInfo.InvariantCulture, $"refused {number} a result: {error.Message}");
        }
        catch (Exception error)
        {
            return string.Create(CultureInfo.InvariantCulture, $"wrong {number} {error}");
        }
    }

    private static async Task UseAsync(LambdaStore<MeasuredEvent> store, int operation, Random random)
    {
        switch (operation)
        {
            case 0:
                _ = await store.RunBatchAsync(BatchMode.Full);
                break;
            case 1:
                _ = await store.AsOf(store.Position).Query(MeasuredEvent.BySensor).ExecuteAsync();
                break;
            case 2:
                _ = await store.AsOf(new LogPosition(random.Next(1, (int)store.Position.Value))).Query(MeasuredEvent.Stays).ExecuteAsync();
                break;
            case 3:
                ViewExplanation<MeasuredEvent, string, MeasuredTotals> explanation = await store.ExplainAsync(MeasuredEvent.BySensor, "sensor 1");
                await foreach (ExplainedEvent<MeasuredEvent> one in explanation.Events)
                {
                    _ = one.Event.Note?.Length;
                }

                break;
            case 4:
                _ = await store.PreviewAsync(e => e.Number % 3 == 0, s => s.Set(e => e.Value, e => e.Value + 1));
                break;
            default:
                await foreach (DeadLetter<MeasuredEvent> letter in store.ReadDeadLettersAsync())
                {
                    _ = letter.Reason.Length;
                }

                break;
        }
    }

    /// <summary>One mutant: of the footer, which says where and what everything is, of the pages, or of both. The magic numbers are mostly left alone, or nothing behind them would be read.</summary>
    private static byte[] Mutate(byte[] healthy, Random random)
    {
        int footerLength = BitConverter.ToInt32(healthy, healthy.Length - 8);
        byte[] pages = healthy[..^(footerLength + 8)];
        byte[] footer = healthy[^(footerLength + 8)..^8];
        int what = random.Next(8);
        if (what != 0)
        {
            footer = what < 5 ? HostileBytes.Mutate(footer, random) : footer;
            pages = what >= 4 ? [.. pages[..4], .. HostileBytes.Mutate(pages[4..], random)] : pages;
            return [.. pages, .. footer, .. BitConverter.GetBytes(footer.Length), .. healthy[^4..]];
        }

        return HostileBytes.Mutate(healthy, random);
    }

    /// <summary>Puts a file in the place of another by a new one, so that nobody who knows the old one takes them for the same.</summary>
    private static void Replace(string path, byte[] content)
    {
        File.WriteAllBytes($"{path}.new", content);
        File.Move($"{path}.new", path, overwrite: true);
    }

    private static string Beginning(string message) => message[..Math.Min(message.Length, 160)];
}
