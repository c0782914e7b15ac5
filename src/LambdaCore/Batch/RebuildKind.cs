namespace LambdaCore;

/// <summary>Why a view is computed anew.</summary>
public enum RebuildKind
{
    /// <summary>The view is new, its definition has changed, or its files are gone.</summary>
    NewDefinition,

    /// <summary>Somebody asked for it: <c>ReprocessAsync</c>.</summary>
    Reprocessing,
}
