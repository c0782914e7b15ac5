namespace LambdaCore;

/// <summary>Which layers of a view an answer comes from.</summary>
[Flags]
public enum AnswerSource
{
    /// <summary>No layer held anything that was asked for.</summary>
    None = 0,

    /// <summary>The batch view: everything up to the last batch.</summary>
    Batch = 1,

    /// <summary>The speed view: everything after the last batch.</summary>
    Speed = 2,

    /// <summary>Both, merged into one answer.</summary>
    Merged = Batch | Speed,

    /// <summary>
    /// The log itself: events that no batch view covers and the speed view does not hold, computed for the question by the view's SQL. It stands in for the
    /// speed view: what waits for a batch does not count. Of a key with sessions, all that the key has counts as contributing to each of them.
    /// </summary>
    Log = 4,
}
