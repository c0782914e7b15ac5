using System.Collections.Concurrent;
using LambdaCore.DuckDb;
using LambdaCore.Log;
using LambdaCore.Storage;
using LambdaCore.Tests.Values;
using LambdaCore.Values;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Producers;

/// <summary>
/// Logs that live many lives, each of which ends in a power cut at any call, a kill, a failing call or a clean close, while sources append, repeat what they are not sure of
/// in other cuts, and segments are sealed. After each, the log has exactly the events of each source up to the sequence that it says; in the end, all of them once.
/// </summary>
/// <remarks>LAMBDACORE_HISTORIES says how many logs, LAMBDACORE_SEED from which seed on; each log has a seed of its own.</remarks>
[TestFixture]
internal sealed class ProducerCrashTests
{
    private const int Lives = 12;
    private const int EventsOfSource = 160;

    private static readonly EventCodec<Sourced> Codec = CreateCodec();

    [TestCase(170)]
    public async Task After_any_crash_the_log_has_each_event_of_a_source_once_up_to_the_sequence_that_it_says(int histories)
    {
        histories = int.TryParse(Environment.GetEnvironmentVariable("LAMBDACORE_HISTORIES"), out int given) ? given : histories;
        _ = Seed.Random(out int seed);
        Tally tally = new();
        DuckDbOptions options = new() { AllowedDirectories = [Path.GetTempPath()], Threads = 1 };

        // One after the other may share a DuckDB; side by side, the tables that segments are gathered in would be the same.
        ConcurrentBag<DuckDbEngine> free = [];
        await Parallel.ForEachAsync(Enumerable.Range(0, histories), new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, async (history, _) =>
        {
            int own = unchecked(seed + history);
            DuckDbEngine duckDb = free.TryTake(out DuckDbEngine? used) ? used : new DuckDbEngine(options, _ => { });
            try
            {
                using History one = new(own, duckDb, tally);
                await one.RunAsync();
            }
            catch (Exception error)
            {
                throw new AssertionException($"LAMBDACORE_SEED={own} LAMBDACORE_HISTORIES=1: {error}", error);
            }
            finally
            {
                free.Add(duckDb);
            }
        });
        foreach (DuckDbEngine duckDb in free)
        {
            duckDb.Dispose();
        }

        await TestContext.Out.WriteLineAsync($"{tally}");
        if (histories >= 100)
        {
            Assert.Multiple(() =>
            {
                // The test is worth something only if all of it happens.
                Assert.That(tally.Cuts, Is.GreaterThan(histories));
                Assert.That(tally.Kills, Is.GreaterThan(histories / 4));
                Assert.That(tally.Failures, Is.GreaterThan(histories / 4));
                Assert.That(tally.Seals, Is.GreaterThan(histories / 2));
                Assert.That(tally.Unacknowledged, Is.GreaterThan(histories / 20), "Hardly any event was recovered that had not been acknowledged.");
                Assert.That(tally.Duplicates, Is.GreaterThan(20L * histories));
            });
        }
    }

    private static EventCodec<Sourced> CreateCodec()
    {
        EventSchema schema = EventSchema.Of(typeof(Sourced));
        return new EventCodec<Sourced>(schema, schema.Properties.First(p => p.Name == nameof(Sourced.At)));
    }

    private sealed class Tally
    {
        public int Cuts;
        public int Kills;
        public int Failures;
        public int Seals;
        public int Unacknowledged;
        public long Duplicates;

        public override string ToString() => $"{Cuts} power cuts, {Kills} kills and clean ends, {Failures} failing calls, {Seals} seals, {Duplicates} duplicates, {Unacknowledged} times more recovered than acknowledged";
    }

    private sealed class History(int seed, DuckDbEngine duckDb, Tally tally) : IDisposable
    {
        private readonly Random _random = new(seed);
        private readonly List<CrashingSource> _sources = [];
        private InMemoryStorage _disk = new();

        public async Task RunAsync()
        {
            for (int i = _random.Next(1, 5); i > 0; i--)
            {
                _sources.Add(new CrashingSource($"source {i}", _random, EventsOfSource));
            }

            for (int life = 0; life < Lives; life++)
            {
                await LiveAsync(life);
            }

            EventLog<Sourced> log = Open(out _);
            for (int round = 0; _sources.Exists(s => log.Producers.GetValueOrDefault(s.Name, -1) < 0 || s.After(log.Producers[s.Name]) < EventsOfSource); round++)
            {
                CrashingSource.Require(round < 50, "The sources come to no end.");
                await Task.WhenAll(_sources.Select(s => s.LiveAsync(log.CreateProducer(s.Name), new Random(_random.Next()), EventsOfSource)));
            }

            await log.SealAsync(log.Acknowledged, CancellationToken.None);
            List<(string Source, long Number)> events = Sourced.Read(log, duckDb);
            foreach (CrashingSource source in _sources)
            {
                source.Require(events, long.MaxValue, "in the end");
            }

            await log.DisposeAsync();
            Interlocked.Add(ref tally.Duplicates, _sources.Sum(s => s.Duplicates));
        }

        public void Dispose() => _disk.Dispose();

        /// <summary>Lives one life, and dies.</summary>
        private async Task LiveAsync(int life)
        {
            int end = _random.Next(6);
            InMemoryStorage? left = null;
            bool struck = false;
            bool isArmed = _random.Next(3) == 0;
            long callsLeft = _random.Next(1, isArmed ? 100 : 40);
            Random last = new(_random.Next());
            InMemoryStorage disk = _disk;
            _disk.BeforeCall = end == 0 ? null : _ =>
            {
                if (isArmed && --callsLeft == 0)
                {
                    struck = true;
                    left = end switch { 1 => null, 2 => disk.Kill(), _ => disk.Crash(last) };

                    // A flush that fails loses what was written, as far as the disk is concerned; one that is never reached does not.
                    throw end == 2 ? new LambdaCoreException("The process is gone.") : new StorageException("Storage failed: on demand.");
                }
            };
            EventLog<Sourced>? log = null;
            try
            {
                log = Open(out List<(string Source, long Number)> events);
                isArmed = true;
                Check(log, events, life);
                int seedOfLife = _random.Next();
                await Task.WhenAll(
                [
                    .. _sources.Select((s, i) => Task.Run(() => s.LiveAsync(log.CreateProducer(s.Name), new Random(seedOfLife + i), 6))),
                    Task.Run(() => UseOtherwiseAsync(log, new Random(seedOfLife - 1))),
                ]);
            }
            catch (LambdaCoreException) when (struck)
            {
                // What it looks like to a caller.
            }

            await CloseAsync(log);
            _ = !struck || end == 2 ? Interlocked.Increment(ref tally.Kills) : end == 1 ? Interlocked.Increment(ref tally.Failures) : Interlocked.Increment(ref tally.Cuts);
            left ??= _random.Next(2) == 0 ? _disk.Crash(_random) : _disk.Kill();
            _disk.Dispose();
            _disk = left;
        }

        /// <summary>Closes a log, perhaps on a disk that is gone.</summary>
        private static async Task CloseAsync(EventLog<Sourced>? log)
        {
            try
            {
                await (log?.DisposeAsync() ?? default);
            }
            catch (LambdaCoreException)
            {
            }
        }

        /// <summary>Events without a producer, and segments.</summary>
        private async Task UseOtherwiseAsync(EventLog<Sourced> log, Random random)
        {
            for (int i = random.Next(6); i > 0; i--)
            {
                await log.AppendAsync(Sourced.Of("", i), CancellationToken.None);
                if (random.Next(3) == 0)
                {
                    await log.SealAsync(log.Acknowledged, CancellationToken.None);
                    Interlocked.Increment(ref tally.Seals);
                }
            }
        }

        private EventLog<Sourced> Open(out List<(string Source, long Number)> events)
        {
            EventLog<Sourced> log = EventLog<Sourced>.Open(_disk, duckDb, Codec, new EventLogOptions { SegmentEvents = 150, QueueCapacity = 3, MaxGroupBytes = 2000 }, TimeProvider.System, NullLogger.Instance);
            try
            {
                Collected tail = new();
                log.Replay(tail);
                events = [.. Sourced.Read(log, duckDb), .. tail.Events];
                log.Start(tail);
                return log;
            }
            catch
            {
                log.Dispose();
                throw;
            }
        }

        private void Check(EventLog<Sourced> log, List<(string Source, long Number)> events, int life)
        {
            foreach (CrashingSource source in _sources)
            {
                long? last = log.CreateProducer(source.Name).LastSequence;
                string where = $"life {life}, {source.Name}";
                CrashingSource.Require((last ?? -1) >= source.Acknowledged, $"{where}: {source.Acknowledged} was acknowledged, but {last} is the last");
                source.Require(events, last, where);
                _ = (last ?? -1) > source.Acknowledged ? Interlocked.Increment(ref tally.Unacknowledged) : 0;
            }
        }
    }

    private sealed class Collected : IGroupConsumer<Sourced>
    {
        public List<(string Source, long Number)> Events { get; } = [];

        public void Apply(in DurableGroup<Sourced> group)
        {
            foreach (Sourced e in group.Events)
            {
                Events.Add((e.Source, e.Number));
            }
        }

        public void Stop(Exception reason)
        {
        }
    }
}
