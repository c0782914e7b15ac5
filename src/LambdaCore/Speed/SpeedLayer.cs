using System.Collections.Concurrent;
using LambdaCore.Aggregates;
using LambdaCore.Log;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Speed;

/// <summary>
/// The states of the events that the batch layer has not reached: per view and key, always merged, for exactly the
/// events before <see cref="End"/>.
/// </summary>
/// <remarks>
/// <para>
/// States gather in one hash table per view. A table that grew full is frozen, and moved into the <see cref="SpillStore"/> in pieces
/// between groups, so that readers never wait long and memory stays bounded.
/// </para>
/// <para>
/// One thread, the consumer, adds views, applies and loads. Any thread may read, open, drop and dispose. Two locks keep them apart, taken in this
/// order: the gate, which scans share and which moving and dropping take alone, so that what a scan goes through stays
/// where it is; and the state lock, which reads share, and which every change takes for a short time. Both are fair to
/// those who take them alone.
/// </para>
/// <para>
/// An error while applying or spilling cannot be undone halfway, so the layer stops there: every call raises it
/// from then on. Nothing is lost, since the log has every event; opening the store again rebuilds the layer.
/// </para>
/// </remarks>
/// <typeparam name="TEvent">The event type.</typeparam>
internal sealed class SpeedLayer<TEvent> : IDisposable
{
    /// <summary>Moving keeps ahead of folding where a group brings at most one new key per event and view; and each time at least a part of a full table is moved.</summary>
    private const int MovedKeysPerFold = 2;
    private const int LeastMovedPart = 32;

    /// <summary>How many frozen tables may wait for scans to end before the consumer waits for them too.</summary>
    private const int MostWaitingTables = 8;
    private const long LeastFlushBytes = 1 << 20;

    private readonly ReaderWriterLockSlim _stateLock = new();
    private readonly ConcurrentQueue<SpeedGeneration> _frozen = new();
    private readonly FlushBatch _batch = new();
    private volatile SpeedView<TEvent>[] _views = [];
    private volatile SpillStore? _spill;
    private volatile Exception? _fault;
    private volatile bool _disposed;
    private uint _generations;
    private LogPosition _end;

    /// <summary>Creates a layer without views, and deletes what an earlier process spilled.</summary>
    /// <param name="options">Memory and disk.</param>
    /// <param name="end">The position of the first event that will be applied.</param>
    public SpeedLayer(SpeedOptions options, LogPosition end)
    {
        Options = options;
        _end = end;
        SpillDevice.DeleteLeftovers(options.Storage, options.Folder);
    }

    /// <summary>The end of the events that were applied: the first position that was not.</summary>
    public LogPosition End => Measure(() => _end);

    /// <summary>Bytes of memory that spilled states take, without their index; 0 as long as nothing was spilled.</summary>
    public long SpillMemoryBytes => Measure(() => _spill?.MemoryBytes ?? 0);

    /// <summary>Bytes of disk that spilled states take.</summary>
    public long SpillDiskBytes => Measure(() => _spill?.DiskBytes ?? 0);

    /// <summary>The number of generations of the view that has most.</summary>
    public int MostGenerations => Measure(() => _views.Max(view => view.Generations.Count));

    /// <summary>Memory and disk.</summary>
    internal SpeedOptions Options { get; }

    /// <summary>The bytes from which on a table is moved out.</summary>
    internal long FlushBytes => Math.Max(LeastFlushBytes, Options.MemoryBytes / 8);

    /// <summary>Scans share it; moving and dropping take it alone.</summary>
    internal ReaderWriterLockSlim Gate { get; } = new();

    /// <summary>The spill store; null as long as nothing was spilled.</summary>
    internal SpillStore? Spill => _spill;

    /// <summary>Adds a view; for the consumer. Events before <see cref="End"/> that it should have seen are to be loaded before anything else happens.</summary>
    /// <param name="filter">Which events the view counts; null for all.</param>
    /// <param name="writeKey">Writes an event's key with <see cref="KeyWriter"/>.</param>
    /// <param name="fold">Adds an event to the states of its key.</param>
    /// <param name="start">The first position that the view covers here; events before it are skipped.</param>
    /// <param name="writeKeys">Writes all keys of an event, where one may have several; null where it has one.</param>
    public SpeedView<TEvent, TRow> AddView<TRow>(
        Func<TEvent, bool>? filter, Action<TEvent, ByteWriter> writeKey, FoldEvent<TEvent, TRow> fold, LogPosition start, Action<TEvent, EventKeys>? writeKeys = null)
        where TRow : struct, IState<TRow> =>
        Exclusive(() =>
        {
            var view = new SpeedView<TEvent, TRow>(this, filter, writeKey, writeKeys, fold, start);
            _views = [.. _views, view];
            return view;
        });

    /// <summary>Folds a group of events into every view. Readers see all of it or nothing.</summary>
    /// <param name="events">The events.</param>
    /// <param name="eventTimes">Their event times, in microseconds since the Unix epoch.</param>
    /// <param name="first">The position of the first event, which must be <see cref="End"/>.</param>
    /// <param name="skipped">The events that no view counts here, by their index, ascending.</param>
    /// <exception cref="LambdaCoreException">There would be a gap or an overlap; or the layer stopped, now or earlier.</exception>
    public void Apply(ReadOnlySpan<TEvent> events, ReadOnlySpan<long> eventTimes, LogPosition first, ReadOnlySpan<int> skipped = default)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(eventTimes.Length, events.Length, nameof(eventTimes));
        ThrowIfUnusable();
        if (first != _end)
        {
            throw new LambdaCoreException(
                $"Events from position {first} on were to be applied, but the speed layer has applied those before {_end}: there would be {(first > _end ? "a gap" : "an overlap")}. Open the store again to rebuild the speed layer.");
        }

        try
        {
            SpeedView<TEvent>[] views = _views;
            bool isLarge = false;
            foreach (SpeedView<TEvent> view in views)
            {
                isLarge |= !view.Prepare(events, first, skipped);
            }

            if (isLarge)
            {
                // What it writes may be more than fits into memory, so it is moved out on the way, which needs the gate.
                Gate.EnterWriteLock();
            }

            try
            {
                Fold(views, events, eventTimes, first, skipped);
            }
            finally
            {
                if (isLarge)
                {
                    Gate.ExitWriteLock();
                }
            }
        }
        catch (Exception error)
        {
            _fault ??= error;
            throw;
        }

        MoveFrozen(events.Length);
    }

    private void Fold(SpeedView<TEvent>[] views, ReadOnlySpan<TEvent> events, ReadOnlySpan<long> eventTimes, LogPosition first, ReadOnlySpan<int> skipped)
    {
        _stateLock.EnterWriteLock();
        try
        {
            foreach (SpeedView<TEvent> view in views)
            {
                view.Fold(events, eventTimes, first, skipped);
            }

            _end = first.Plus(events.Length);
            FreezeFull(events.Length);
        }
        catch (Exception error)
        {
            // Under the lock, so that nobody sees half a group.
            _fault = error;
            throw;
        }
        finally
        {
            _stateLock.ExitWriteLock();
        }
    }

    /// <summary>Freezes every view's states and begins new ones. For any thread, also within <see cref="Exclusive"/>.</summary>
    /// <param name="start">The position to begin at, which must be <see cref="End"/>.</param>
    /// <exception cref="LambdaCoreException">It is not; or the layer has stopped.</exception>
    public void OpenGeneration(LogPosition start)
    {
        bool nested = _stateLock.IsWriteLockHeld;
        if (!nested)
        {
            EnterWrite();
        }

        try
        {
            if (start != _end)
            {
                throw new LambdaCoreException($"A generation was to start at position {start}, but the speed layer has applied the events before {_end}. Seal the log where the speed layer stands.");
            }

            foreach (SpeedView<TEvent> view in _views)
            {
                view.OpenGeneration(start);

                // The one before is about to be dropped when the batch run has caught up. What is older was kept by
                // a run that failed, and should not stay in memory; what lies between the two joins the oldest (Join).
                if (view.Generations is [SpeedGeneration oldest, _, _, ..] && oldest.Freeze())
                {
                    _frozen.Enqueue(oldest);
                }
            }
        }
        finally
        {
            if (!nested)
            {
                ExitWrite();
            }
        }
    }

    /// <summary>Freezes every view's states where the layer stands, and begins new ones. For any thread.</summary>
    /// <returns>The position at which the new ones begin: the end of a group.</returns>
    public LogPosition OpenGeneration() => Exclusive(() =>
    {
        OpenGeneration(_end);
        return _end;
    });

    /// <summary>Begins a moment in which the layer stands still, for point reads. Do not nest.</summary>
    /// <exception cref="LambdaCoreException">The layer has stopped.</exception>
    /// <exception cref="ObjectDisposedException">The layer was disposed.</exception>
    public ReadScope EnterRead()
    {
        _stateLock.EnterReadLock();
        try
        {
            ThrowIfUnusable();
        }
        catch
        {
            _stateLock.ExitReadLock();
            throw;
        }

        return new ReadScope(_stateLock, _end);
    }

    /// <summary>Runs something while nobody reads or applies: what it changes, readers see together with the layer's states.</summary>
    public T Exclusive<T>(Func<T> change)
    {
        EnterWrite();
        try
        {
            return change();
        }
        finally
        {
            ExitWrite();
        }
    }

    /// <summary>
    /// Deletes the spill files, if no generation has states there any more: dropping generations alone leaves a part of a file, with bytes of what was dropped.
    /// </summary>
    /// <returns>Whether there are none now.</returns>
    public bool TryDeleteSpill()
    {
        Gate.EnterWriteLock();
        try
        {
            EnterWrite();
            try
            {
                if (_views.SelectMany(view => view.Generations).All(generation => generation.SpillStart is null))
                {
                    _spill?.Dispose();
                    _spill = null;
                }

                return _spill is null;
            }
            finally
            {
                ExitWrite();
            }
        }
        finally
        {
            Gate.ExitWriteLock();
        }
    }

    /// <summary>Waits for reads and scans to end, frees the memory and deletes what was spilled. Whoever comes later gets an <see cref="ObjectDisposedException"/>.</summary>
    public void Dispose()
    {
        Gate.EnterWriteLock();
        _stateLock.EnterWriteLock();
        try
        {
            // The locks themselves stay, for those who come later.
            _disposed = true;
            _views = [];
            _spill?.Dispose();
            _spill = null;
        }
        finally
        {
            _stateLock.ExitWriteLock();
            Gate.ExitWriteLock();
        }
    }

    /// <summary>A number that no other generation has.</summary>
    internal uint NextGenerationNumber() => checked(++_generations);

    /// <summary>Enters the state lock alone.</summary>
    internal void EnterWrite()
    {
        _stateLock.EnterWriteLock();
        try
        {
            ThrowIfUnusable();
        }
        catch
        {
            _stateLock.ExitWriteLock();
            throw;
        }
    }

    /// <summary>Leaves the state lock.</summary>
    internal void ExitWrite() => _stateLock.ExitWriteLock();

    /// <summary>Takes a figure at a moment in which the layer stands still.</summary>
    internal T Measure<T>(Func<T> figure)
    {
        using (EnterRead())
        {
            return figure();
        }
    }

    /// <summary>Removes a view's old generations, and frees the part of the spill store that no generation needs any more.</summary>
    internal void Drop(SpeedView<TEvent> view, LogPosition position)
    {
        Gate.EnterWriteLock();
        try
        {
            EnterWrite();
            try
            {
                if (view.Forget(position) && _spill is { } spill)
                {
                    long? oldest = _views.SelectMany(each => each.Generations).Min(generation => generation.SpillStart);
                    spill.DropBefore(oldest ?? spill.TailAddress);
                }
            }
            finally
            {
                ExitWrite();
            }
        }
        catch (Exception error) when (error is not ObjectDisposedException)
        {
            _fault ??= error;
            throw;
        }
        finally
        {
            Gate.ExitWriteLock();
        }
    }

    /// <summary>Joins a view's generations that runs which failed have left, see <see cref="SpeedView{TEvent}.JoinOld"/>.</summary>
    internal void Join(SpeedView<TEvent> view)
    {
        Gate.EnterWriteLock();
        try
        {
            EnterWrite();
            try
            {
                foreach (SpeedGeneration grown in view.JoinOldUnderLock())
                {
                    _frozen.Enqueue(grown);
                }
            }
            finally
            {
                ExitWrite();
            }
        }
        finally
        {
            Gate.ExitWriteLock();
        }
    }

    /// <summary>Moves everything out that is full, in the middle of a group. Only under the gate and the write lock.</summary>
    /// <param name="folds">How many states were changed since the last call.</param>
    internal void MakeRoom(int folds)
    {
        FreezeFull(folds);
        Move(int.MaxValue);
    }

    /// <summary>Freezes the tables that are full. Only under the write lock.</summary>
    /// <param name="folds">How many events were folded since the last call.</param>
    internal void FreezeFull(int folds)
    {
        foreach (SpeedView<TEvent> view in _views)
        {
            if (view.FreezeIfFull(folds) is { } frozen)
            {
                _frozen.Enqueue(frozen);
            }
        }
    }

    /// <summary>Moves a part of the frozen tables into the spill store.</summary>
    /// <param name="folds">How many events were folded since the last call.</param>
    internal void MoveFrozen(int folds)
    {
        if (_frozen.IsEmpty)
        {
            return;
        }

        int keys = (int)Math.Clamp((long)MovedKeysPerFold * folds * _views.Length, 1 + (Options.FlushKeys / LeastMovedPart), int.MaxValue);
        if (_frozen.Count > MostWaitingTables)
        {
            // Having waited for scans, be done with it: they may come without end. Or moving has not kept ahead, since events write many keys each.
            Gate.EnterWriteLock();
            keys = int.MaxValue;
        }
        else if (!Gate.TryEnterWriteLock(TimeSpan.Zero))
        {
            return;
        }

        try
        {
            Move(keys);
        }
        catch (Exception error)
        {
            _fault ??= error;
            throw;
        }
        finally
        {
            Gate.ExitWriteLock();
        }
    }

    private void Move(int keys)
    {
        ThrowIfUnusable();
        while (keys > 0 && _frozen.TryPeek(out SpeedGeneration? generation))
        {
            bool done = !generation.HasFrozen; // It was dropped meanwhile.
            if (!done)
            {
                SpillStore spill = _spill ??= new SpillStore(Options);
                generation.PrepareFlush(spill, _batch, keys);
                bool nested = _stateLock.IsWriteLockHeld;
                if (!nested)
                {
                    EnterWrite();
                }

                try
                {
                    done = generation.CommitFlush(spill, _batch);
                }
                finally
                {
                    if (!nested)
                    {
                        ExitWrite();
                    }
                }

                keys -= _batch.Count;
            }

            if (done)
            {
                _frozen.TryDequeue(out _);
            }
        }
    }

    private void ThrowIfUnusable()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_fault is { } fault)
        {
            throw new LambdaCoreException(
                $"The speed layer stopped after position {_end}: {fault.Message} Nothing is lost, the log has every event. Open the store again to rebuild the speed layer.", fault)
            {
                LastsUntilReopened = true,
            };
        }

        _spill?.ThrowIfFaulted();
    }
}
