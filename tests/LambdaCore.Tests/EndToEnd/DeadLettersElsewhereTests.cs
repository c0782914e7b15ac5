using System.Globalization;
using LambdaCore.Storage;
using LambdaCore.Tests.Tables;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>
/// The tables of a store that rejects events, read by a program that knows only the Delta protocol: each sealed event stands in exactly one of the master
/// dataset and the dead letters, with what was said of it.
/// </summary>
[TestFixture]
[Category("Delta")]
internal sealed class DeadLettersElsewhereTests
{
    private const string OfMaster = "SELECT _position, Number, toUnixTimestamp64Micro(Time), toUInt8(_batch_only) FROM {table} ORDER BY _position";
    private const string OfDeadLetters = "SELECT _position, Number, toUnixTimestamp64Micro(Time), _lateness, _reason FROM {table} ORDER BY _position";

    private static readonly DateTimeOffset Noon = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Disorder = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Grace = TimeSpan.FromHours(2);

    private static readonly ViewDefinition<Ping, DateTimeOffset, long> Hours = View.Of<Ping>("hours").GroupBy(e => Window.Hour(e.Time)).Select(g => g.Count());

    [Test]
    public async Task Each_sealed_event_is_a_row_of_the_master_dataset_or_a_dead_letter_with_its_reason()
    {
        Random random = Seed.Random(out _);
        string folder = Directory.CreateTempSubdirectory("lambdacore-delta-").FullName;
        try
        {
            List<(Ping Event, LatePolicy Policy)> sent = [];
            long sealedEnd = 0;
            foreach (LatePolicy policy in new[] { LatePolicy.Reject, LatePolicy.BatchOnly, LatePolicy.Reject })
            {
                await using LambdaStore<Ping> store = await LambdaStore.OpenAsync<Ping>(folder, o => Configure(o, policy));
                for (int part = 0; part < 4; part++)
                {
                    // The third part is too late as a whole, so that under Reject its segment has no rows; the last one is not sealed, or by the next store's first batch.
                    Ping[] events = [.. Enumerable.Range(sent.Count, 60).Select(n => new Ping(Noon.AddSeconds(-random.Next(part == 2 ? 30_000 : 1, 60_000)), n))];
                    await store.AppendAsync(events);
                    sent.AddRange(events.Select(e => (e, policy)));
                    if (part < 3)
                    {
                        await store.RunBatchAsync();
                    }
                }

                sealedEnd = store.SealedPosition.Value;
            }

            IReadOnlyList<IReadOnlyList<string?[]>> elsewhere = Read(folder);
            (List<string[]> master, List<string[]> deadLetters) = Judge(sent, sealedEnd);
            TestContext.Out.WriteLine($"{sent.Count} events, {sealedEnd} sealed: {master.Count(r => r[3] == "1")} for batches only, {deadLetters.Count} rejected");
            Assert.That(sealedEnd, Is.EqualTo(sent.Count - 60));
            Assert.That((master.Count(r => r[3] == "1") > 20, deadLetters.Count > 100, master.Count > 200), Is.EqualTo((true, true, true)));
            Assert.Multiple(() =>
            {
                Assert.That(elsewhere[0], Is.EqualTo(master));
                Assert.That(elsewhere[1], Is.EqualTo(deadLetters));
            });
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public async Task What_a_dying_seal_has_published_is_taken_back_for_other_readers_too_and_comes_again_with_the_next()
    {
        InMemoryStorage disk = new();
        List<(Ping Event, LatePolicy Policy)> sent = [];
        bool isGone = false;
        try
        {
            await using LambdaStore<Ping> store = Open(disk);
            for (int part = 0; part < 3; part++)
            {
                Ping[] events = [.. new[] { 0, -5, -1, -9 }.Select((hours, i) => new Ping(Noon.AddHours(hours), sent.Count + i))];
                await store.AppendAsync(events);
                sent.AddRange(events.Select(e => (e, LatePolicy.Reject)));
                disk.BeforeCall = call =>
                {
                    // The last seal dies when it comes to the commit of the master dataset.
                    isGone |= sent.Count == 12 && call.Path.StartsWith("log/_delta_log", StringComparison.Ordinal);
                    if (isGone)
                    {
                        throw new StorageException("The power is gone.");
                    }
                };
                await store.RunBatchAsync();
            }
        }
        catch (LambdaCoreException) when (isGone)
        {
        }

        using InMemoryStorage left = disk.Kill();
        disk.Dispose();
        IReadOnlyList<IReadOnlyList<string?[]>> died = Read(left);
        await using LambdaStore<Ping> reopened = Open(left);
        IReadOnlyList<IReadOnlyList<string?[]>> opened = Read(left);
        await reopened.RunBatchAsync();
        IReadOnlyList<IReadOnlyList<string?[]>> again = Read(left);

        (List<string[]> master, List<string[]> deadLetters) = Judge(sent, 12);
        Assert.Multiple(() =>
        {
            Assert.That(died[0], Is.EqualTo(master[..4]));
            Assert.That(died[1], Is.EqualTo(deadLetters));
            Assert.That(opened[0], Is.EqualTo(master[..4]));
            Assert.That(opened[1], Is.EqualTo(deadLetters[..4]));
            Assert.That(again[0], Is.EqualTo(master));
            Assert.That(again[1], Is.EqualTo(deadLetters));
        });
    }

    /// <summary>What must stand in both tables, by the plain rule: the watermark is the highest time before an event, less the allowed disorder.</summary>
    private static (List<string[]> Master, List<string[]> DeadLetters) Judge(List<(Ping Event, LatePolicy Policy)> sent, long sealedEnd)
    {
        List<string[]> master = [];
        List<string[]> deadLetters = [];
        for (int position = 0; position < sealedEnd; position++)
        {
            (Ping e, LatePolicy policy) = sent[position];
            DateTimeOffset watermark = position == 0 ? DateTimeOffset.MinValue : sent.Take(position).Max(s => s.Event.Time) - Disorder;
            TimeSpan lateness = watermark - e.Time;
            object micros = (e.Time - DateTimeOffset.UnixEpoch).Ticks / 10;
            if (lateness > Grace && policy == LatePolicy.Reject)
            {
                deadLetters.Add(Texts(position, e.Number, micros, lateness.Ticks, FormattableString.Invariant(
                    $"{lateness:c} behind the watermark {watermark:O}, which is more than the grace period of 02:00:00")));
            }
            else
            {
                master.Add(Texts(position, e.Number, micros, lateness > Grace ? 1 : 0));
            }
        }

        return (master, deadLetters);

        static string[] Texts(params object[] values) => [.. values.Select(v => Convert.ToString(v, CultureInfo.InvariantCulture)!)];
    }

    private static IReadOnlyList<IReadOnlyList<string?[]>> Read(string folder) =>
        IndependentDeltaReader.Query((Path.Combine(folder, "log"), OfMaster), (Path.Combine(folder, "deadletters"), OfDeadLetters));

    /// <summary>Reads a copy of both tables.</summary>
    private static IReadOnlyList<IReadOnlyList<string?[]>> Read(InMemoryStorage disk)
    {
        string folder = Directory.CreateTempSubdirectory("lambdacore-delta-").FullName;
        try
        {
            foreach (string table in new[] { "log", "log/_delta_log", "deadletters", "deadletters/_delta_log" })
            {
                Directory.CreateDirectory(Path.Combine(folder, table));
                foreach (string name in disk.List(table))
                {
                    File.WriteAllBytes(Path.Combine(folder, table, name), disk.ReadAll($"{table}/{name}"));
                }
            }

            return Read(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static LambdaStore<Ping> Open(InMemoryStorage disk)
    {
        LambdaStoreOptions<Ping> options = new();
        Configure(options, LatePolicy.Reject);
        options.Validate();
        return StoreOpening.Open("memory", disk, options);
    }

    private static void Configure(LambdaStoreOptions<Ping> options, LatePolicy policy)
    {
        options.AllowedDisorder = Disorder;
        options.GracePeriod = Grace;
        options.LateEvents = policy;
        options.BatchThreads = 1;
        options.TimeProvider = new SimulatedClock(Noon);
        options.EventTime(e => e.Time).AddView(Hours);
    }

    private sealed record Ping(DateTimeOffset Time, int Number);
}
