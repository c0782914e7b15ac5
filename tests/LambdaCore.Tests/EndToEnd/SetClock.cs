namespace LambdaCore.Tests.EndToEnd;

/// <summary>A clock that stands still until it is moved. Thread-safe.</summary>
internal sealed class SetClock : TimeProvider
{
    private long _ticks = new DateTimeOffset(2026, 6, 1, 0, 0, 0, TimeSpan.Zero).UtcTicks;

    public override DateTimeOffset GetUtcNow() => new(Volatile.Read(ref _ticks), TimeSpan.Zero);

    /// <summary>Moves the clock.</summary>
    public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);
}
