using System.Globalization;

namespace LambdaCore.CrashHost;

/// <summary>An event that follows from who appended it and when in his order, but for a mark that corrections set.</summary>
/// <param name="At">Event time.</param>
/// <param name="Producer">Who appended it: one per life of the store.</param>
/// <param name="Number">His events are numbered from 0.</param>
/// <param name="Text">Follows from the others.</param>
/// <param name="Mark">Null, until a correction sets it.</param>
public sealed record MarkedEvent(DateTimeOffset At, int Producer, long Number, string Text, long? Mark)
{
    /// <summary>The event of a producer and a number, as it is appended.</summary>
    public static MarkedEvent Of(int producer, long number) => new(
        DateTimeOffset.UnixEpoch.AddHours(producer).AddSeconds(number * 10), producer, number, TextOf(producer, number), null);

    /// <summary>The text of a producer and a number; its length varies.</summary>
    public static string TextOf(int producer, long number) =>
        string.Create(CultureInfo.InvariantCulture, $"{producer}:{number}:{new string('y', (int)((number * 7) % 50))}");
}

/// <summary>What is known of one producer.</summary>
/// <param name="Count">How many of his events there are.</param>
/// <param name="Last">The last one's number.</param>
/// <param name="Sum">The sum of all numbers.</param>
/// <param name="Marks">The sum of all marks.</param>
public readonly record struct MarkedTotals(long Count, long Last, long Sum, long Marks);

/// <summary>The views of a store whose events change.</summary>
public static class MarkedViews
{
    /// <summary>One row per producer.</summary>
    public static ViewDefinition<MarkedEvent, int, MarkedTotals> ByProducer { get; } = View.Of<MarkedEvent>("by_producer")
        .GroupBy(e => e.Producer)
        .Select(g => new MarkedTotals(g.Count(), g.Latest(e => e.Number), g.Sum(e => e.Number), g.Sum(e => e.Mark ?? 0)));

    /// <summary>Windows of event time, which events of several producers share.</summary>
    public static ViewDefinition<MarkedEvent, DateTimeOffset, long> ByHour { get; } = View.Of<MarkedEvent>("by_hour")
        .GroupBy(e => Window.Hour(e.At))
        .Select(g => g.Count());

    /// <summary>The options that all who open such a store share.</summary>
    public static void Configure(LambdaStoreOptions<MarkedEvent> options)
    {
        options.EventTime(e => e.At).AddView(ByProducer).AddView(ByHour);
        options.SegmentEvents = 200;
        options.BatchThreads = 1;
    }
}
