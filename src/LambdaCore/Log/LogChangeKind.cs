namespace LambdaCore;

/// <summary>What was done to events that were in the log already.</summary>
public enum LogChangeKind
{
    /// <summary>Properties were given other values.</summary>
    Correction,

    /// <summary>Events were removed, for good.</summary>
    Erasure,

    /// <summary>Events were replaced by later ones that amend them.</summary>
    Amendment,
}
