namespace LambdaCore;

/// <summary>What becomes of an exact count of distinct values when there are more than its limit.</summary>
public enum WhenExceeded
{
    /// <summary>Reading the count fails with <see cref="OverflowException"/>. Counts of other keys are not affected.</summary>
    Fail,

    /// <summary>
    /// The count goes on as an estimate over all values, by the same HyperLogLog of 4096 registers as <c>g.ApproxDistinct</c>: 1.6 % standard error.
    /// </summary>
    Approximate,
}
