namespace LambdaCore;

/// <summary>What a batch run computes.</summary>
public enum BatchMode
{
    /// <summary>
    /// Only the events that came since a view's last batch, as a layer of its own; layers are merged when they are out of proportion. The cost
    /// follows the new events, not the history.
    /// </summary>
    Incremental,

    /// <summary>
    /// Every view from the first event on, anew from the master dataset, as one layer in place of all others. The result is the same; it is for
    /// when batch views are not to be trusted any more. What has gone by <see cref="Retention"/> cannot be computed: the archive layer over it stays
    /// (<see cref="BatchRun.RawStart"/>).
    /// </summary>
    Full,
}
