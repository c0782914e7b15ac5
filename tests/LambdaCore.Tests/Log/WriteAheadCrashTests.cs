using LambdaCore.Log;
using LambdaCore.Storage;
using NUnit.Framework;
using static LambdaCore.Tests.Log.LogScene;

namespace LambdaCore.Tests.Log;

/// <summary>Lives of a log that end in power cuts, kills, failing disks or a clean close, against a list in memory.</summary>
[TestFixture]
internal sealed class WriteAheadCrashTests
{
    private const int Histories = 3000;
    private const int LivesPerHistory = 8;

    [Test]
    public void After_any_crash_the_log_is_a_prefix_that_holds_all_that_was_flushed()
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("LAMBDACORE_SEED"), out int given) ? given : 20_240_601;
        TestContext.Out.WriteLine($"seed {seed}");
        var tally = new Tally();
        for (int history = 0; history < Histories; history++)
        {
            using var storage = new InMemoryStorage();
            new History(seed + history, storage, tally).Run();
        }

        TestContext.Out.WriteLine(tally);
        Assert.Multiple(() =>
        {
            // The test is worth something only if all of it happens.
            Assert.That(tally.Crashes, Is.GreaterThan(Histories * LivesPerHistory / 3));
            Assert.That(tally.TailsCut, Is.GreaterThan(Histories / 10));
            Assert.That(tally.Poisoned, Is.GreaterThan(Histories / 10));
            Assert.That(tally.FailedOtherwise, Is.GreaterThan(Histories / 50));
            Assert.That(tally.Truncations, Is.GreaterThan(Histories / 10));
        });
    }

    [Test]
    public void After_a_failure_of_any_single_call_all_that_was_flushed_is_there()
    {
        int failures = 0;
        for (int failing = 1; ; failing++)
        {
            bool reached = false;
            var storage = new InMemoryStorage();
            storage.BeforeCall = call =>
            {
                if (call.Number == failing)
                {
                    reached = true;
                    throw new StorageException($"injected into call {call}");
                }
            };
            var appended = new List<Group>();
            long durable = 0;
            try
            {
                RunTwoLives(storage, appended, ref durable);
            }
            catch (Exception exception) when (exception is StorageException or LogPoisonedException { InnerException: StorageException })
            {
                failures++;
            }

            storage.BeforeCall = null;
            if (!reached)
            {
                break;
            }

            using InMemoryStorage after = failing % 2 == 0 ? storage.Kill() : storage.Crash(new Random(failing));
            using WriteAheadLog log = Open(after);
            Assert.That(log.End.Value, Is.GreaterThanOrEqualTo(durable), $"call {failing}");
            AssertSame(ReadAll(log), appended[..ReadAll(log).Count], $"call {failing}");
        }

        Assert.That(failures, Is.GreaterThan(40));
    }

    [Test]
    public void What_a_reopened_log_shows_survives_a_power_cut_even_after_a_failed_flush()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            var storage = new InMemoryStorage();
            var appended = new List<Group>();
            using (WriteAheadLog log = Open(storage))
            {
                appended.Add(Append(log, 1, 700));
                log.Flush();
                appended.Add(Append(log, 1, 700));
                storage.BeforeCall = call =>
                {
                    if (call.Operation == StorageOperation.Flush)
                    {
                        throw new StorageException("injected");
                    }
                };
                Assert.That(log.Flush, Throws.InstanceOf<LogPoisonedException>());
            }

            storage = storage.Kill();
            using (WriteAheadLog log = Open(storage))
            {
                AssertSame(ReadAll(log), appended, "the operating system still has it");
                Assert.That(log.DurableEnd, Is.EqualTo(log.End));
            }

            using InMemoryStorage cut = storage.Crash(new Random(seed));
            using WriteAheadLog last = Open(cut);
            AssertSame(ReadAll(last), appended, $"seed {seed}");
        }
    }

    [Test]
    public void A_frame_of_an_earlier_life_is_never_taken_for_the_continuation_of_a_new_one()
    {
        // Three groups of the same length; the power cut takes the second and leaves the third behind it. The new second
        // group, with the mark that recovery writes before it, ends just where the old third one begins.
        const int length = 100;
        int frameLength = (int)WriteAheadFormat.FrameLength(length);
        int newLength = length - (int)WriteAheadFormat.FrameLength(0);
        SortedDictionary<string, byte[]> files;
        using (var storage = new InMemoryStorage())
        using (WriteAheadLog log = Open(storage))
        {
            Append(log, 1, length);
            log.Flush();
            Append(log, 1, length);
            Append(log, 1, length);
            files = FilesOf(storage);
        }

        files.Values.Single().AsSpan(WriteAheadFormat.FileHeaderLength + frameLength, frameLength).Clear();
        using InMemoryStorage torn = StorageWith(files);
        Group second;
        using (WriteAheadLog log = Open(torn))
        {
            Assert.That(log.End.Value, Is.EqualTo(1));
            second = Append(log, 1, newLength, salt: 1);
            log.Flush();
        }

        using InMemoryStorage killed = torn.Kill();
        using WriteAheadLog last = Open(killed);
        Assert.That(last.End.Value, Is.EqualTo(2));
        AssertSame(ReadAll(last, 1, 2), [second], "the new life's group");
    }

    private static void RunTwoLives(InMemoryStorage storage, List<Group> appended, ref long durable)
    {
        for (int life = 0; life < 2; life++)
        {
            using WriteAheadLog log = Open(storage);
            for (int group = 0; group < 12; group++)
            {
                // Listed first, because a group whose append fails may be in the log all the same.
                Group next = Next(log, 1, 300 + (group * 90));
                appended.Add(next);
                Append(log, next);
                if (group % 3 == 2)
                {
                    log.Flush();
                    durable = log.End.Value;
                }
            }

            log.Close();
            durable = log.End.Value;
        }
    }

    private sealed record Tally
    {
        public int Crashes { get; set; }

        public int TailsCut { get; set; }

        public int Poisoned { get; set; }

        public int FailedOtherwise { get; set; }

        public int Truncations { get; set; }
    }

    /// <summary>One log through several lives.</summary>
    private sealed class History(int seed, InMemoryStorage storage, Tally tally)
    {
        private readonly Random _random = new(seed);
        private readonly List<Group> _groups = [];
        private InMemoryStorage _storage = storage;
        private long _durableEnd;
        private long _sealedEnd;
        private bool _failed;

        public void Run()
        {
            for (int life = 0; life < LivesPerHistory; life++)
            {
                bool failing = _random.Next(3) == 0;
                _failed = false;
                if (failing)
                {
                    int wait = _random.Next(1, 40);
                    _storage.BeforeCall = call =>
                    {
                        if (--wait == 0)
                        {
                            _failed = true;
                            throw new StorageException($"injected into {call}");
                        }
                    };
                }

                try
                {
                    Live(life);
                }
                catch (StorageException) when (_failed)
                {
                    tally.FailedOtherwise++;
                }
                catch (LogPoisonedException) when (_failed)
                {
                    tally.Poisoned++;
                }
                catch (Exception exception) when (exception is not NUnit.Framework.AssertionException)
                {
                    throw new AssertionException($"seed {seed}, life {life}: {exception}");
                }

                _storage.BeforeCall = null;
                tally.Crashes++;
                _storage = _random.Next(4) == 0 ? _storage.Kill() : _storage.Crash(_random);
            }

            Live(LivesPerHistory);
        }

        private void Live(int life)
        {
            using WriteAheadLog log = Open(_storage, _sealedEnd);
            Verify(log, $"seed {seed}, life {life}");
            int operations = _random.Next(25);
            for (int operation = 0; operation < operations; operation++)
            {
                switch (_random.Next(10))
                {
                    case < 6:
                        Append(log);
                        break;
                    case < 8:
                        log.Flush();
                        _durableEnd = log.End.Value;
                        break;
                    case 8:
                        long end = log.End.Value;
                        long start = _random.NextInt64(log.Start.Value, end + 1);
                        AssertSame(ReadAll(log, start, end), [.. _groups.Where(group => group.End > start)], $"seed {seed}, life {life}, from {start}");
                        break;
                    default:
                        Seal(log);
                        break;
                }
            }

            if (_random.Next(4) == 0)
            {
                log.Close();
                _durableEnd = log.End.Value;
            }
        }

        private void Verify(WriteAheadLog log, string because)
        {
            long appendedEnd = Math.Max(_sealedEnd, _groups.Count == 0 ? 0 : _groups[^1].End);
            long safeEnd = Math.Max(_sealedEnd, _durableEnd);
            Assert.That(log.End.Value, Is.InRange(safeEnd, appendedEnd), because);
            Assert.That(log.Start.Value, Is.LessThanOrEqualTo(_sealedEnd), because);
            Assert.That(log.DurableEnd, Is.EqualTo(log.End), because);
            if (log.End.Value < appendedEnd)
            {
                tally.TailsCut++;
            }

            _groups.RemoveAll(group => group.Start >= log.End.Value);
            List<Group> read = ReadAll(log);
            AssertSame(read, [.. _groups.Where(group => group.Start >= log.Start.Value)], because);
            _durableEnd = log.End.Value;
        }

        private void Append(WriteAheadLog log)
        {
            int length = _random.Next(20) == 0 ? _random.Next(9000) : _random.Next(900);
            Group group = Next(log, _random.Next(1, 5), length, salt: _random.Next());
            _groups.Add(group);
            LogScene.Append(log, group);
        }

        private void Seal(WriteAheadLog log)
        {
            // What is sealed is durable elsewhere, even where the log itself was not flushed.
            Group[] candidates = [.. _groups.Where(group => group.End > _sealedEnd)];
            if (candidates.Length == 0)
            {
                return;
            }

            _sealedEnd = candidates[_random.Next(candidates.Length)].End;
            int files = _storage.List("wal").Count;
            log.TruncateBefore(new LogPosition(_sealedEnd));
            tally.Truncations += files - _storage.List("wal").Count;
        }
    }
}
