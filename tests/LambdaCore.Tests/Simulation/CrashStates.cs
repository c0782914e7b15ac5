using System.Collections.Concurrent;
using LambdaCore.Storage;

namespace LambdaCore.Tests.Simulation;

/// <summary>
/// Collects what could be on the medium if a run stopped just before one of its storage calls: several outcomes of a power cut, and that of a kill. Each that was not
/// met before is given to a check; the run itself goes on undisturbed, so that one run gives thousands of crashes.
/// </summary>
/// <param name="survivorsPerCall">How many outcomes of a power cut are drawn before each call that changes something.</param>
internal sealed class CrashStates(int survivorsPerCall)
{
    private readonly ConcurrentDictionary<ulong, bool> _states = new();
    private readonly ConcurrentDictionary<ulong, bool> _checked = new();
    private readonly ConcurrentQueue<string> _failures = new();
    private long _simulated;

    /// <summary>How many crashes were simulated.</summary>
    public long Simulated => Volatile.Read(ref _simulated);

    /// <summary>How many different states of the medium they left.</summary>
    public int Distinct => _states.Count;

    /// <summary>What checks have found.</summary>
    public IReadOnlyCollection<string> Failures => _failures;

    /// <summary>How many failures are enough.</summary>
    public int Most { get; init; } = 3;

    /// <summary>Whether there are that many.</summary>
    public bool IsEnough => _failures.Count >= Most;

    /// <summary>Whether crashes are looked at. If not, runs still draw the same random numbers.</summary>
    public bool IsCounting { get; init; } = true;

    /// <summary>Which flushes do nothing, on every disk; null for honest disks.</summary>
    public Func<StorageCall, bool>? Ignores { get; init; }

    /// <summary>Notes a violation.</summary>
    public void Fail(string where, Exception error) => _failures.Enqueue($"{(error is EndToEnd.Model.ModelViolationException ? error.Message : error)}\n{where}");

    /// <summary>Draws the outcomes of a crash now, and checks those that are new.</summary>
    /// <param name="disk">The disk; it goes on.</param>
    /// <param name="random">Decides what survives.</param>
    /// <param name="history">Tells expectations of the same number apart.</param>
    /// <param name="where">Says where this is, for messages.</param>
    /// <param name="check">Opens what is left, and raises what is wrong.</param>
    public void Crash(InMemoryStorage disk, Random random, int history, Func<string> where, Action<InMemoryStorage, bool> check)
    {
        for (int i = 0; i <= survivorsPerCall && !IsEnough; i++)
        {
            bool isKill = i == survivorsPerCall;
            using InMemoryStorage left = isKill ? disk.AfterKill() : disk.AfterPowerCut(random);
            if (!IsCounting || !IsNew(left, history))
            {
                continue;
            }

            left.Ignores = Ignores;
            try
            {
                check(left, isKill);
            }
            catch (Exception error)
            {
                Fail($"{where()}, {(isKill ? "killed" : $"outcome {i} of a power cut")}", error);
            }
        }
    }

    /// <summary>Counts the state that a crash left. False if there is nothing new in it.</summary>
    /// <param name="left">The state.</param>
    /// <param name="history">Tells expectations of it apart.</param>
    public bool IsNew(InMemoryStorage left, int history)
    {
        Interlocked.Increment(ref _simulated);
        ulong print = left.Print;
        _states.TryAdd(print, true);
        return _checked.TryAdd(print ^ ((ulong)(uint)history * 0x9E3779B97F4A7C15), true);
    }

    /// <summary>A number that follows from others, in every process alike.</summary>
    public static int Mix(params ReadOnlySpan<long> numbers)
    {
        ulong mixed = 0;
        foreach (long number in numbers)
        {
            mixed = System.Numerics.BitOperations.RotateLeft((mixed ^ (ulong)number) * 0x9FB21C651E98DF25, 31);
        }

        return (int)(mixed ^ (mixed >> 32));
    }

    /// <summary>Whether a call changes what could be on the medium, or what is sure to be.</summary>
    public static bool Changes(StorageCall call) =>
        call.Operation is StorageOperation.Create or StorageOperation.Write or StorageOperation.Flush or StorageOperation.CreateFolder or StorageOperation.FlushFolder
            or StorageOperation.Delete or StorageOperation.Rename;
}
