namespace LambdaCore.Serving;

/// <summary>The kinds of <see cref="Reconciliation"/>.</summary>
internal enum ReconciliationMode
{
    Merge,
    Replace,
    Fallback,
    Hybrid,
}
