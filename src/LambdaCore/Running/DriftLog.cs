using LambdaCore.Batch;
using LambdaCore.Diagnostics;
using LambdaCore.Serving;
using Microsoft.Extensions.Logging;

namespace LambdaCore.Running;

/// <summary>Has batch layers compared with the speed layer before they are served, and keeps what was found. Reading is thread-safe; one thread at a time compares.</summary>
/// <param name="isOn">Whether anything is compared.</param>
/// <param name="logger">Logs.</param>
internal sealed class DriftLog(bool isOn, ILogger logger)
{
    private const int MostKept = 100;

    private volatile DriftReport _report = new();

    /// <summary>The report so far.</summary>
    public DriftReport Report => _report;

    /// <summary>Compares a layer with what the speed layer has of the same events. Whatever is found, or fails, is reported, and the batch run goes on.</summary>
    /// <param name="view">The view.</param>
    /// <param name="layer">The layer, not yet served.</param>
    /// <param name="holdsBatchOnly">Whether the layer counts events that the speed layer leaves to batches, since they came too late.</param>
    /// <param name="cancellationToken">Stops the comparison.</param>
    public void Compare<TEvent>(ServedView<TEvent> view, BatchView layer, bool holdsBatchOnly, CancellationToken cancellationToken)
    {
        if (!isOn)
        {
            return;
        }

        if (layer.Range.Start != view.SpeedStart)
        {
            Skip(DriftReport.ComputedAnew);
            return;
        }

        if (holdsBatchOnly)
        {
            Skip(DriftReport.HoldsBatchOnly);
            return;
        }

        try
        {
            Add(view.Audit(layer, cancellationToken));
        }
        catch (OperationCanceledException)
        {
            Skip(DriftReport.Cancelled);
        }
        catch (Exception error)
        {
            LogMessages.DriftNotAudited(logger, error, view.Plan.Name, layer.Range.ToString());
            Skip(DriftReport.Failed);
        }

        void Add(DriftFindings findings)
        {
            DriftReport report = _report;
            _report = report with
            {
                RangesCompared = report.RangesCompared + 1,
                KeysCompared = report.KeysCompared + findings.Keys,
                Mismatches = report.Mismatches + findings.Mismatches,
                LatestMismatches = [.. report.LatestMismatches.Concat(findings.First).TakeLast(MostKept)],
            };
            Metrics.DriftKeys.Add(findings.Keys);
            if (findings.Mismatches > 0)
            {
                Metrics.DriftMismatches.Add(findings.Mismatches, new KeyValuePair<string, object?>("view", view.Plan.Name));
                LogMessages.DriftFound(logger, view.Plan.Name, layer.Range.ToString(), findings.Mismatches, findings.Keys, findings.First[0].ToString());
            }
        }
    }

    private void Skip(string reason)
    {
        DriftReport report = _report;
        _report = report with
        {
            RangesSkipped = new Dictionary<string, long>(report.RangesSkipped) { [reason] = report.RangesSkipped.GetValueOrDefault(reason) + 1 },
        };
    }
}
