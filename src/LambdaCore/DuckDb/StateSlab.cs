using System.Collections.Concurrent;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace LambdaCore.DuckDb;

/// <summary>What DuckDB keeps per aggregate state: where the state stands, or zero for "no row yet".</summary>
/// <remarks>
/// DuckDB moves and copies these bytes as it likes and hands them to the destructor without saying whose they are, so
/// they must say everything by themselves.
/// </remarks>
internal struct StateSlot
{
    /// <summary>The state's place in its slab, from 1; 0 for a state that has seen no row.</summary>
    public int Place;

    /// <summary>The slab, by its number.</summary>
    public int Slab;
}

/// <summary>The home of one aggregate's states.</summary>
/// <remarks>
/// DuckDB (1.5) forgets states when a query fails while groups are combined or finished, or when its result is not read
/// to the end: it never calls the destructor for them. GC handles would leak then. A slab is dropped whole instead; the
/// numbers of slabs are not used again, so that a slot of a dropped one is recognized.
/// </remarks>
internal abstract class StateSlab : IDisposable
{
    private static readonly ConcurrentDictionary<int, StateSlab> Slabs = new();
    private static int _lastNumber;

    protected StateSlab()
    {
        Number = Interlocked.Increment(ref _lastNumber);
        Slabs[Number] = this;
    }

    public int Number { get; }

    /// <summary>States that were added and not released.</summary>
    public abstract int Count { get; }

    /// <summary>States of all aggregates in this process that were added and not released.</summary>
    public static int LiveStates => Slabs.Values.Sum(slab => slab.Count);

    public static StateSlab? Find(int number) => Slabs.GetValueOrDefault(number);

    /// <summary>Releases states; slots that are empty or of another slab are left alone.</summary>
    public abstract unsafe void Release(StateSlot** slots, int count);

    public void Dispose() => Slabs.TryRemove(Number, out _);
}

/// <summary>The states, in chunks that never move, so that a state can be held by reference while others are added.</summary>
/// <remarks>Thread-safe, but for the states themselves. Threads add from chunks of their own stripe, so they seldom meet.</remarks>
internal sealed unsafe class StateSlab<TState> : StateSlab
    where TState : struct
{
    private const int ChunkBits = 10;
    private const int ChunkSize = 1 << ChunkBits;

    private static readonly uint StripeCount = BitOperations.RoundUpToPowerOf2((uint)Environment.ProcessorCount);

    private readonly Lock growing = new();
    private readonly Stripe[] stripes = [.. Enumerable.Range(0, (int)StripeCount).Select(_ => new Stripe())];
    private volatile TState[][] _chunks = [];
    private int _chunkCount;

    public override int Count => stripes.Sum(stripe => stripe.Live);

    private Stripe OwnStripe => stripes[(uint)Environment.CurrentManagedThreadId & (StripeCount - 1)];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref TState At(StateSlot slot)
    {
        if (slot.Slab != Number)
        {
            ThrowDropped();
        }

        int index = slot.Place - 1;
        return ref _chunks[index >> ChunkBits][index & (ChunkSize - 1)];
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public ref TState Add(StateSlot* slot)
    {
        Stripe stripe = OwnStripe;
        lock (stripe.Lock)
        {
            if (!stripe.Free.TryPop(out int index))
            {
                if (stripe.Next == stripe.End)
                {
                    stripe.Next = AddChunk() * ChunkSize;
                    stripe.End = stripe.Next + ChunkSize;
                }

                index = stripe.Next++;
            }

            stripe.Live++;
            slot->Place = index + 1;
            slot->Slab = Number;
        }

        return ref At(*slot);
    }

    public override void Release(StateSlot** slots, int count)
    {
        Stripe stripe = OwnStripe;
        lock (stripe.Lock)
        {
            for (int i = 0; i < count; i++)
            {
                StateSlot* slot = slots[i];
                if (slot->Place != 0 && slot->Slab == Number)
                {
                    At(*slot) = default;
                    stripe.Free.Push(slot->Place - 1);
                    stripe.Live--;
                    *slot = default;
                }
            }
        }
    }

    private int AddChunk()
    {
        lock (growing)
        {
            if (_chunkCount == _chunks.Length)
            {
                // A reader that still holds the shorter table finds its chunks there.
                TState[][] longer = new TState[Math.Max(4, _chunks.Length * 2)][];
                _chunks.CopyTo(longer, 0);
                _chunks = longer;
            }

            _chunks[_chunkCount] = new TState[ChunkSize];
            return _chunkCount++;
        }
    }

    private static void ThrowDropped() => throw new InvalidOperationException(
        "The query was abandoned: the states of its aggregates have been dropped.");

    private sealed class Stripe
    {
        public Lock Lock { get; } = new();

        public Stack<int> Free { get; } = new();

        /// <summary>The places from here to <see cref="End"/> were never used.</summary>
        public int Next { get; set; }

        public int End { get; set; }

        /// <summary>States added less states released by the threads of this stripe; below zero if they release others'.</summary>
        public int Live { get; set; }
    }
}
