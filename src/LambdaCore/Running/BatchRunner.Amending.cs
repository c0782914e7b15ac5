using System.Runtime.ExceptionServices;
using LambdaCore.Batch;
using LambdaCore.Diagnostics;
using LambdaCore.Log;

namespace LambdaCore.Running;

/// <content>
/// Amendments: when every view's batch covers the events of a run, among which those that amend others do not count yet, one commit of the log lets them count and removes what they amend; then
/// the views follow, as they follow any change.
/// </content>
internal sealed partial class BatchRunner<TEvent>
{
    /// <summary>Applies the amendments among the events before a position.</summary>
    /// <param name="end">The end of the events that every view's batch covers, at the end of a segment.</param>
    /// <param name="cancellationToken">Stops it before the commit; what comes after comes to its end.</param>
    /// <returns>What was amended.</returns>
    private async Task<AmendmentRun> AmendAsync(LogPosition end, CancellationToken cancellationToken)
    {
        if (!log.HasPendingAmendments(end))
        {
            return default;
        }

        cancellationToken.ThrowIfCancellationRequested();
        ReadUncoveredFromLog(end);
        using PreparedAmendments prepared = log.PrepareAmendments(end, cancellationToken);
        AmendmentRun run = new(prepared.Amending, prepared.Rewrite.Events, prepared.NotFound);
        ContentChange record = new(LogChangeKind.Amendment, run.ToString(), By: null, Condition: null, Setters: null);
        cancellationToken.ThrowIfCancellationRequested();
        await log.CommitRewriteAsync(prepared.Rewrite, record).ConfigureAwait(false);
        if (run.NotFound > 0)
        {
            LogMessages.AmendedNotFound(logger, run.NotFound, log.RawStart.Value);
        }

        if (_healer.Heal(rewrite: null, TakeOver, ProgressReporter.None, CancellationToken.None).Select(v => v.Error).FirstOrDefault(e => e is not null) is { } error)
        {
            ExceptionDispatchInfo.Throw(error);
        }

        return run;
    }
}
