using LambdaCore.Batch;

namespace LambdaCore.Serving;

/// <summary>
/// The immutable layers of one view at a moment: batch views that follow each other from position zero, or from where the view begins to count. The speed
/// layer goes on where they end. Immutable.
/// </summary>
internal sealed class ServingSnapshot
{
    /// <summary>Creates a list of layers.</summary>
    /// <param name="batches">The batch views, oldest first.</param>
    /// <param name="start">The first event that the view counts.</param>
    /// <param name="revision">The revision of the log's content that they are the fold of.</param>
    /// <exception cref="LambdaCoreException">There is a gap or an overlap between them.</exception>
    public ServingSnapshot(IReadOnlyList<BatchView> batches, LogPosition start, long revision)
    {
        LogPosition end = start;
        foreach (BatchView batch in batches)
        {
            if (batch.Range.Start != end)
            {
                throw new LambdaCoreException($"A batch view covers {batch.Range}, but what lies before ends at {end}. Delete the folder 'views' and open the store again: they are computed anew.");
            }

            end = batch.Range.End;
        }

        Batches = batches;
        Start = start;
        End = end;
        Revision = revision;
    }

    /// <summary>No batch view yet.</summary>
    public static ServingSnapshot Empty { get; } = new([], LogPosition.Zero, 0);

    /// <summary>The batch views, oldest first.</summary>
    public IReadOnlyList<BatchView> Batches { get; }

    /// <summary>Where they begin: zero, unless the view was added when retention had removed the events before.</summary>
    public LogPosition Start { get; }

    /// <summary>Where they end.</summary>
    public LogPosition End { get; }

    /// <summary>The revision of the log's content that the batch views are the fold of. What comes after them is not in any segment that was changed since.</summary>
    public long Revision { get; }

    /// <summary>Keeps the files open until <see cref="Release"/>. Only where the list cannot be replaced meanwhile.</summary>
    public void Acquire()
    {
        foreach (BatchView batch in Batches)
        {
            if (!batch.TryAcquire())
            {
                throw new InvalidOperationException($"The batch view {batch.Range} is closed, but still listed.");
            }
        }
    }

    /// <summary>Keeps the files open until <see cref="Release"/>, where the list may be replaced meanwhile.</summary>
    /// <returns>False if some have been let go already: there is a new list then.</returns>
    public bool TryAcquire()
    {
        for (int i = 0; i < Batches.Count; i++)
        {
            if (!Batches[i].TryAcquire())
            {
                foreach (BatchView acquired in Batches.Take(i))
                {
                    acquired.Release();
                }

                return false;
            }
        }

        return true;
    }

    /// <summary>Undoes <see cref="Acquire"/>.</summary>
    public void Release() => ReleaseExcept(Empty);

    /// <summary>Undoes <see cref="Acquire"/> for the batch views that are not in a list that takes this one's place.</summary>
    public void ReleaseExcept(ServingSnapshot next)
    {
        foreach (BatchView batch in Batches)
        {
            if (!next.Batches.Contains(batch))
            {
                batch.Release();
            }
        }
    }
}
