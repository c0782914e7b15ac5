namespace LambdaCore.Log;

/// <summary>What is special about an event: mostly about its time.</summary>
[Flags]
internal enum Verdict : byte
{
    /// <summary>Nothing that would have to be remembered.</summary>
    None = 0,

    /// <summary>It lies so far in the future that it does not move the watermark.</summary>
    HeldBack = 1,

    /// <summary>It is too late, and waits for the batch.</summary>
    BatchOnly = 2,

    /// <summary>It is too late, and counts nowhere.</summary>
    Rejected = 4,

    /// <summary>It amends another, and waits until a batch run applies it.</summary>
    Amending = 8,
}

/// <summary>An event of a group that is special.</summary>
/// <param name="Index">Which event of the group.</param>
/// <param name="Verdict">What is special.</param>
/// <param name="Watermark">The watermark just before the event, in microseconds since the Unix epoch; <see cref="long.MinValue"/> for none.</param>
internal readonly record struct JudgedEvent(int Index, Verdict Verdict, long Watermark)
{
    /// <summary>Whether the speed layer counts the event.</summary>
    public bool CountsAtOnce => (Verdict & (Verdict.BatchOnly | Verdict.Rejected | Verdict.Amending)) == 0;
}
