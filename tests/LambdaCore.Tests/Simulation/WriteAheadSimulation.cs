using LambdaCore.Log;
using LambdaCore.Storage;
using LambdaCore.Tests.EndToEnd.Model;
using LambdaCore.Tests.Log;
using static LambdaCore.Tests.Log.LogScene;

namespace LambdaCore.Tests.Simulation;

/// <summary>
/// The write-ahead log alone, where a crash costs microseconds: groups of any size, flushes, new files, truncations, closing, failing calls; and crashes before every
/// call, also before those of the recovery from a crash.
/// </summary>
/// <param name="seed">Decides everything.</param>
/// <param name="states">Collects the crashes.</param>
internal sealed class WriteAheadSimulation(int seed, CrashStates states)
{
    private const int Lives = 3;
    private const int MostOperations = 24;

    private readonly Random _random = new(seed);
    private readonly List<Group> _groups = [];
    private readonly JournalHash _journal = new();
    private long _flushed;
    private long _sealed;
    private int _life;
    private int _call;

    /// <summary>All calls and bytes of the run in one number.</summary>
    public ulong Journal => _journal.Value;

    /// <summary>Runs it.</summary>
    public void Run()
    {
        InMemoryStorage disk = new() { Ignores = states.Ignores };
        try
        {
            for (_life = 0; _life < Lives && !states.IsEnough; _life++)
            {
                Live(disk);
                InMemoryStorage left = _random.Next(3) == 0 ? disk.Kill() : disk.Crash(_random);
                left.Ignores = states.Ignores;
                disk.Dispose();
                disk = left;
            }
        }
        catch (Exception error)
        {
            states.Fail(Where(), error);
        }
        finally
        {
            disk.Dispose();
        }
    }

    private string Where() => $"LAMBDACORE_SEED={seed}, write-ahead log, life {_life}, call {_call}";

    private void Live(InMemoryStorage disk)
    {
        int fails = _random.Next(3) == 0 ? _random.Next(1, 60) : int.MaxValue;
        bool failed = false;
        disk.BeforeCall = call =>
        {
            _call++;
            _journal.Add(disk, call);
            if (CrashStates.Changes(call))
            {
                (long flushed, long end, long isSealed) = (_flushed, End, _sealed);
                states.Crash(disk, _random, CrashStates.Mix(flushed, end, isSealed), Where, (left, _) => Check(left, flushed, end, isSealed, depth: 0));
            }

            if (--fails == 0)
            {
                failed = true;
                throw new StorageException("Storage failed: EIO, on demand.");
            }
        };
        try
        {
            using WriteAheadLog log = Open(disk, _sealed);
            Verify(log, _flushed, End, _sealed);
            _groups.RemoveAll(g => g.Start >= log.End.Value);
            _flushed = log.End.Value;
            CheckDamageIsFound(disk);
            CheckFileIsMissed(disk);
            Operate(log, disk);
        }
        catch (Exception error) when (failed && error is StorageException or LogPoisonedException)
        {
            // What a failing disk looks like. Whatever had been flushed is checked by the next life.
        }

        disk.BeforeCall = null;
    }

    private long End => Math.Max(_sealed, _groups.Count == 0 ? 0 : _groups[^1].End);

    /// <summary>After a log was opened or closed: damage to anything in it is found, also if the power is cut before.</summary>
    private void CheckDamageIsFound(InMemoryStorage disk)
    {
        if (End <= _sealed)
        {
            return;
        }

        using InMemoryStorage left = disk.AfterPowerCut(_random);
        List<Group> groups;
        using (InMemoryStorage copy = left.AfterKill())
        using (WriteAheadLog whole = Open(copy, _sealed))
        {
            groups = ReadAll(whole);
        }

        byte[] last = groups[^1].Payload;
        string path = $"wal/{left.List("wal").Last(f => Contains(left.ReadAll($"wal/{f}"), last))}";
        if (last.Length < 32)
        {
            return;
        }

        using (IStorageFile file = left.Open(path, FileAccess.ReadWrite))
        {
            int at = left.ReadAll(path).AsSpan().IndexOf(last) + _random.Next(last.Length);
            byte[] one = new byte[1];
            file.Read(at, one);
            one[0] ^= (byte)(1 << _random.Next(8));
            file.Write(at, one);
        }

        Model.Check(Refuses(left), $"a log that says that it is durable up to {groups[^1].End} was opened although its last group is damaged");
    }

    /// <summary>After a log was opened, or went on in another file: a newest file that goes is missed, also if the power is cut before.</summary>
    private void CheckFileIsMissed(InMemoryStorage disk)
    {
        using InMemoryStorage left = disk.AfterPowerCut(_random);

        // A file that was only half made, and was deleted, may come back; it is nobody's.
        using InMemoryStorage now = disk.AfterKill();
        string newest = now.List("wal")[^1];
        left.Delete($"wal/{newest}");
        bool isOnly = !WriteAheadFormat.TryParseName(newest, out LogPosition first) || first.Value <= _sealed;
        Model.Check(isOnly || Refuses(left), $"a log was opened although its newest file is missing");
    }

    private bool Refuses(InMemoryStorage disk)
    {
        try
        {
            Open(disk, _sealed).Dispose();
            return false;
        }
        catch (LogCorruptException)
        {
            return true;
        }
    }

    private static bool Contains(byte[] bytes, byte[] part) => bytes.AsSpan().IndexOf(part) >= 0;

    private void Operate(WriteAheadLog log, InMemoryStorage disk)
    {
        int operations = _random.Next(MostOperations);
        for (int i = 0; i < operations; i++)
        {
            switch (_random.Next(12))
            {
                case < 6:
                    Group group = Next(log, _random.Next(1, 4), _random.Next(16) == 0 ? _random.Next(9000) : _random.Next(700), _random.Next());
                    _groups.Add(group);
                    Try(log, () => Append(log, group));
                    break;
                case < 9:
                    Try(log, log.Flush);
                    _flushed = log.End.Value;
                    break;
                case 9:
                    Try(log, () => log.Roll());
                    _flushed = Math.Max(_flushed, log.DurableEnd.Value);
                    CheckFileIsMissed(disk);
                    break;
                default:
                    // What is sealed is safe elsewhere, even where it was not flushed here.
                    _sealed = _groups.Where(g => g.End > _sealed).Select(g => g.End).DefaultIfEmpty(_sealed).ElementAt(0);
                    Try(log, () => log.TruncateBefore(new LogPosition(_sealed)));
                    break;
            }
        }

        if (_random.Next(3) == 0)
        {
            Try(log, log.Close);
            _flushed = log.End.Value;
            CheckDamageIsFound(disk);
        }
    }

    /// <summary>Does something. If the disk fails, nothing may be taken in afterwards.</summary>
    private static void Try(WriteAheadLog log, Action action)
    {
        try
        {
            action();
        }
        catch (LogPoisonedException)
        {
            long end = log.End.Value;
            Model.Check(Throws(() => Append(log, 1, 10)) && Throws(log.Flush) && log.End.Value == end, $"the log has taken something in after a failure, at {end}");
            throw;
        }

        static bool Throws(Action refused)
        {
            try
            {
                refused();
                return false;
            }
            catch (LogPoisonedException)
            {
                return true;
            }
        }
    }

    /// <summary>Opens what a crash left; lets some crash again on the way; then goes on and crashes once more.</summary>
    private void Check(InMemoryStorage disk, long flushed, long end, long isSealed, int depth)
    {
        Random random = new(CrashStates.Mix((long)disk.Print, seed, depth));
        List<InMemoryStorage> again = [];
        disk.BeforeCall = depth > 0 ? null : call =>
        {
            if (CrashStates.Changes(call))
            {
                again.Add(disk.AfterPowerCut(random));
            }
        };
        long found;
        Group? next = null;
        using (WriteAheadLog log = Open(disk, isSealed))
        {
            disk.BeforeCall = null;
            Verify(log, flushed, end, isSealed);
            found = log.End.Value;
            if (random.Next(3) == 0)
            {
                next = Append(log, 1, random.Next(500), random.Next());
                log.Flush();
            }
        }

        foreach (InMemoryStorage left in again)
        {
            using (left)
            {
                left.Ignores = states.Ignores;
                if (states.IsNew(left, CrashStates.Mix(flushed, end, isSealed)))
                {
                    Check(left, flushed, end, isSealed, depth + 1);
                }
            }
        }

        using InMemoryStorage after = disk.AfterPowerCut(random);
        after.Ignores = states.Ignores;
        if (states.IsNew(after, CrashStates.Mix(found, next?.End ?? found, isSealed)))
        {
            using WriteAheadLog log = Open(after, isSealed);
            if (next is null)
            {
                Verify(log, found, found, isSealed);
                return;
            }

            Model.Check(log.End.Value == next.End, $"what was appended after a recovery that ended at {found} was flushed up to {next.End}, and the log ends at {log.End} after another crash");
            Same(ReadAll(log, found, next.End), [next]);
        }
    }

    private void Verify(WriteAheadLog log, long flushed, long end, long isSealed)
    {
        long least = Math.Max(flushed, isSealed);
        Model.Check(log.End.Value >= least, $"flushed were the events before {flushed}, sealed those before {isSealed}, and the log ends at {log.End}");
        Model.Check(log.End.Value <= Math.Max(end, isSealed), $"the log ends at {log.End}, and only {end} events were appended");
        Same(ReadAll(log), [.. _groups.Where(g => g.Start >= log.Start.Value && g.Start < log.End.Value)]);
    }

    private static void Same(List<Group> read, List<Group> expected)
    {
        Model.Check(read.Count == expected.Count, $"{read.Count} groups are there instead of {expected.Count}");
        for (int i = 0; i < read.Count; i++)
        {
            Model.Check(read[i].Start == expected[i].Start && read[i].Count == expected[i].Count, $"the group at {read[i].Start} has {read[i].Count} events; {expected[i].Count} were appended at {expected[i].Start}");
            Model.Check(read[i].Payload.AsSpan().SequenceEqual(expected[i].Payload), $"the group at {read[i].Start} has other bytes than were appended");
        }
    }
}
