namespace LambdaCore;

/// <summary>Why a <see cref="Reconciliation"/> that prefers the batch layers has not used their values in any row.</summary>
public enum RealTimeReason
{
    /// <summary>The view has no batch layer yet, or lost it when the store was opened.</summary>
    BatchMissing,

    /// <summary><see cref="Reconciliation.Fallback"/>: the last batch run failed.</summary>
    BatchFailed,

    /// <summary><see cref="Reconciliation.Fallback"/>: the batch layers lack events and are older than the age chosen.</summary>
    BatchTooOld,

    /// <summary>The batch layers end before the position that <see cref="Consistency.AtLeast"/> asked for.</summary>
    BatchBehind,

    /// <summary><see cref="Reconciliation.Replace"/> and <see cref="Reconciliation.Hybrid"/>: the view's key has no window of event time.</summary>
    NoWindow,
}
