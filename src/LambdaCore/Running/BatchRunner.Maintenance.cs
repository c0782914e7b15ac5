using LambdaCore.Diagnostics;

namespace LambdaCore.Running;

/// <content>Work on the files of the log, which takes turns with batch runs.</content>
internal sealed partial class BatchRunner<TEvent>
{
    /// <summary>Writes small segments into one if there are many. A run has succeeded without it, so a failure is only logged; the next run tries again.</summary>
    private async Task CompactAsync(CancellationToken cancellationToken)
    {
        try
        {
            await log.CompactAsync(all: false, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // What the run was for is done.
        }
        catch (Exception error)
        {
            LogMessages.CompactionFailed(logger, error);
        }
    }
}
