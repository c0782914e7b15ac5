namespace LambdaCore.Running;

/// <summary>Keeps the <see cref="BatchStatus"/> of an open store. Thread-safe.</summary>
internal sealed class BatchHealth(TimeProvider clock)
{
    private readonly Lock _lock = new();
    private volatile BatchStatus _status = new();

    /// <summary>The status now.</summary>
    public BatchStatus Status => _status;

    /// <summary>A run begins.</summary>
    /// <exception cref="InvalidOperationException">Another is at work: they would publish into the same tables.</exception>
    public void Begun() => Change(status => !status.IsRunning
        ? status with { IsRunning = true }
        : throw new InvalidOperationException("A batch run was to begin while another is at work."));

    /// <summary>A run has succeeded.</summary>
    public void Succeeded(BatchRun run) => Change(status => status with
    {
        IsRunning = false,
        LastRun = run,
        LastRunAt = clock.GetUtcNow(),
        ConsecutiveFailures = 0,
    });

    /// <summary>A run has failed.</summary>
    public void Failed(Exception error) => Change(status => status with
    {
        IsRunning = false,
        LastFailure = error,
        LastFailureAt = clock.GetUtcNow(),
        ConsecutiveFailures = status.ConsecutiveFailures + 1,
    });

    /// <summary>A run was cancelled.</summary>
    public void Cancelled() => Change(status => status with { IsRunning = false });

    /// <summary>The schedule waits until a time, or for something else than time.</summary>
    public void Waits(DateTimeOffset? until) => Change(status => status with { NextDue = until });

    /// <summary>The schedule has given up.</summary>
    public void ScheduleStopped() => Change(status => status with { NextDue = null, IsScheduleStopped = true });

    private void Change(Func<BatchStatus, BatchStatus> change)
    {
        lock (_lock)
        {
            _status = change(_status);
        }
    }
}
