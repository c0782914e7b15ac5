namespace LambdaCore.Log;

/// <summary>Amendments that are ready to be applied: nothing is changed yet. Disposing it discards what was not published.</summary>
/// <param name="Rewrite">The segments that change.</param>
/// <param name="Amending">How many events amend others.</param>
/// <param name="NotFound">For how many of them the log has nothing that they amend.</param>
internal sealed record PreparedAmendments(PreparedRewrite Rewrite, long Amending, long NotFound) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Rewrite.Dispose();
}
