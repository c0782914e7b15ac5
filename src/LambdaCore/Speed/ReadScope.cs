using LambdaCore.Log;

namespace LambdaCore.Speed;

/// <summary>
/// A moment in which the speed layer stands still: as long as it lasts, reads see exactly the events before
/// <see cref="Position"/>. Keep it short, since events wait. Ends with <see cref="Dispose"/>, on the same thread, once.
/// </summary>
internal readonly ref struct ReadScope
{
    private readonly ReaderWriterLockSlim _lock;

    /// <summary>Begins a scope whose read lock was entered.</summary>
    public ReadScope(ReaderWriterLockSlim entered, LogPosition position)
    {
        _lock = entered;
        Position = position;
    }

    /// <summary>The end of the events that reads see.</summary>
    public LogPosition Position { get; }

    /// <summary>Ends the scope.</summary>
    public void Dispose() => _lock.ExitReadLock();
}
