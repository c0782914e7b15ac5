using LambdaCore.Log;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Batch;

/// <summary>What was read of the log as it was.</summary>
/// <param name="Start">Where it begins: events before have gone by retention, and are only in archive layers.</param>
/// <param name="End">The end of the events that count.</param>
/// <param name="Revision">The revision of their content.</param>
/// <param name="Tally">What their times came to, as far as it is known.</param>
internal readonly record struct PastReading(LogPosition Start, LogPosition End, long Revision, EventTimeTally Tally);

/// <summary>The log as it was at some moment: what a question about the past is answered from. Thread-safe.</summary>
/// <param name="open">Gives the events of the moment.</param>
internal sealed class PastLog(Func<CancellationToken, Task<LogPrefix>> open)
{
    /// <summary>Computes the states of a view over all events of the moment, as a batch over them would.</summary>
    /// <param name="states">Computes.</param>
    /// <param name="restriction">What is wanted of the keys. Others may come, but with parts of their states only.</param>
    /// <param name="visit">Takes in each row; a key may come several times, with parts of its state.</param>
    /// <param name="cancellationToken">Stops the computation.</param>
    public async Task<PastReading> VisitAsync(LogStates states, KeyRestriction restriction, VisitStates visit, CancellationToken cancellationToken)
    {
        using LogPrefix prefix = await open(cancellationToken).ConfigureAwait(false);
        foreach (LogPart part in prefix.Parts)
        {
            await Task.Run(() => states.Visit(part.Segments, part.Range, atOnce: false, restriction, visit, cancellationToken), cancellationToken).ConfigureAwait(false);
        }

        return new PastReading(prefix.Start, prefix.End, prefix.Revision, prefix.Tally);
    }
}
