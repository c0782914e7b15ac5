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
}
