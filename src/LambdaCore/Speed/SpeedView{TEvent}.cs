using LambdaCore.Log;

namespace LambdaCore.Speed;

/// <summary>What the layer asks of a view, whatever its states are.</summary>
/// <typeparam name="TEvent">The event type.</typeparam>
internal abstract class SpeedView<TEvent>
{
    /// <summary>The view's generations, oldest first; the last one is current.</summary>
    public abstract IReadOnlyList<SpeedGeneration> Generations { get; }

    /// <summary>About how many keys the view has; a key in several generations or places counts several times. Any thread may ask.</summary>
    public long Keys => Layer.Measure(() => Generations.Sum(generation => generation.Keys));

    /// <summary>About how many bytes the view's tables take, without what was spilled. Any thread may ask.</summary>
    public long TableBytes => Layer.Measure(() => Generations.Sum(generation => generation.TableBytes));

    /// <summary>
    /// Forgets the generations that end at or before a position, and frees what they took. Waits for running scans and
    /// keeps new ones waiting meanwhile. For any thread, but not within a read, a scan or <see cref="SpeedLayer{TEvent}.Exclusive"/>.
    /// </summary>
    public void DropBefore(LogPosition position) => Layer.Drop(this, position);

    /// <summary>
    /// Joins generations that were left by batch runs which failed, so that their number stays bounded however many fail: each but the last two becomes a part of the one before it, unless
    /// it was so large that states of it were spilled. The first one's start and the last two generations stay as they are. For any thread, as <see cref="DropBefore"/>. No batch run may be at
    /// work, nor may there be a layer that ends where one of the others begins.
    /// </summary>
    public void JoinOld()
    {
        if (Generations.Count > KeptApart)
        {
            Layer.Join(this);
        }
    }

    /// <summary>The generations that are never joined: the first, and the last two.</summary>
    protected const int KeptApart = 3;

    /// <summary>Does what <see cref="JoinOld"/> does, under the locks.</summary>
    /// <returns>The generations that have got frozen tables, once for each.</returns>
    public abstract IReadOnlyList<SpeedGeneration> JoinOldUnderLock();

    /// <summary>The layer that the view belongs to.</summary>
    protected abstract SpeedLayer<TEvent> Layer { get; }

    /// <summary>Encodes the keys of a group's events, or of the first of them if they are many, without touching anything that readers see.</summary>
    /// <param name="events">The events.</param>
    /// <param name="first">The position of the first event.</param>
    /// <param name="skipped">The events that do not count, by their index, ascending.</param>
    /// <returns>Whether all were; if not, folding needs the layer's gate.</returns>
    public abstract bool Prepare(ReadOnlySpan<TEvent> events, LogPosition first, ReadOnlySpan<int> skipped);

    /// <summary>Folds the group that was prepared: what was encoded, and then the rest.</summary>
    public abstract void Fold(ReadOnlySpan<TEvent> events, ReadOnlySpan<long> eventTimes, LogPosition first, ReadOnlySpan<int> skipped);

    /// <summary>Freezes the current table if it is full.</summary>
    /// <param name="folds">How many events were folded since the last call.</param>
    /// <returns>The generation whose table was frozen; null if it was not full.</returns>
    public abstract SpeedGeneration? FreezeIfFull(int folds);

    /// <summary>Begins a generation, unless the current one starts there or later.</summary>
    public abstract void OpenGeneration(LogPosition start);

    /// <summary>Removes the generations that end at or before a position.</summary>
    /// <returns>Whether there were any.</returns>
    public abstract bool Forget(LogPosition position);
}
