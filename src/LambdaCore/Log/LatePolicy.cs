namespace LambdaCore;

/// <summary>What becomes of an event that is late by more than the grace period.</summary>
/// <remarks>
/// Whatever is chosen, the event is durable and has its position when it is acknowledged. What becomes of it is decided once, when it gets
/// its position, and stays so: under other options too, after a crash, and in every view that is computed anew.
/// </remarks>
public enum LatePolicy
{
    /// <summary>It counts at once, like any other event: every answer is exact.</summary>
    Include = 0,

    /// <summary>
    /// It is kept in the log and joins each view with that view's next batch; receipts say how many wait. So windows that are long past change by
    /// batches only.
    /// </summary>
    BatchOnly = 1,

    /// <summary>It counts in no view, ever. It is kept with the reason in the table <c>deadletters</c>, and can be read back.</summary>
    Reject = 2,
}
