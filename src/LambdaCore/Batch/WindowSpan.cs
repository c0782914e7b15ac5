using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Batch;

/// <summary>The windows of a view that begin in a span of time: what is read for them, and a test of encoded keys. Immutable; thread-safe.</summary>
internal sealed class WindowSpan
{
    private readonly ScalarType[] _before;
    private readonly KeyColumn _window;
    private readonly long _from;
    private readonly long _to;

    private WindowSpan(ViewPlan plan, KeyColumn window, DateTimeOffset? from, DateTimeOffset? to)
    {
        _window = window;
        _before = [.. plan.StateKeys.TakeWhile(k => k != window).Select(k => k.Type)];
        _from = from is { } low ? Microseconds(low) : WindowAssigner.FirstMoment;
        _to = to is { } high ? Microseconds(high) : WindowAssigner.LastMoment + 1;
    }

    /// <summary>The windows of a span; null if all rows of the view are meant: without bounds, and where the key has no windows.</summary>
    /// <param name="plan">The view.</param>
    /// <param name="from">The first start of a window; null for no bound.</param>
    /// <param name="to">The first start behind; null for no bound.</param>
    public static WindowSpan? Of(ViewPlan plan, DateTimeOffset? from, DateTimeOffset? to) =>
        plan.WindowKey is { } window && (from is not null || to is not null) ? new WindowSpan(plan, window, from, to) : null;

    /// <summary>What is to be read of the log for them.</summary>
    public KeyRestriction Restriction => new([], (_from, _to));

    /// <summary>Whether the window of a key begins in the span. A key without a window does not.</summary>
    public unsafe bool Contains(ReadOnlySpan<byte> key)
    {
        fixed (byte* start = key)
        {
            ByteReader reader = new(start, key.Length);
            foreach (ScalarType type in _before)
            {
                KeyReader.PassOver(type, ref reader);
            }

            if (_window.Type.IsNullable && !KeyReader.ReadPresence(ref reader))
            {
                return false;
            }

            long begins = KeyReader.ReadInt64(ref reader);
            return _from <= begins && begins < _to;
        }
    }

    /// <summary>The first whole microsecond that is not before a time.</summary>
    private static long Microseconds(DateTimeOffset time) =>
        (long)Math.Ceiling((decimal)(time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond);
}
