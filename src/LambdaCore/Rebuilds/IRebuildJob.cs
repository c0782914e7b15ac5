namespace LambdaCore.Rebuilds;

/// <summary>A rebuild as its handle sees it. Thread-safe.</summary>
internal interface IRebuildJob
{
    /// <summary>How it fares.</summary>
    RebuildStatus Status { get; }

    /// <summary>Completes with it.</summary>
    Task Completion { get; }

    /// <summary>Lets no step begin, or lets them begin again.</summary>
    void Pause(bool pauses);

    /// <summary>Ends it, and deletes what it has computed.</summary>
    Task CancelAsync();

    /// <summary>Compares the rows before and after.</summary>
    Task<ViewComparison> CompareAsync(CancellationToken cancellationToken);

    /// <summary>Lets the new layers serve as soon as they are ready.</summary>
    void AllowSwap();
}
