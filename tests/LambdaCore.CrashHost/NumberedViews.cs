namespace LambdaCore.CrashHost;

/// <summary>What is known of one producer.</summary>
/// <param name="Count">How many of his events there are.</param>
/// <param name="First">The first one's number.</param>
/// <param name="Last">The last one's number.</param>
/// <param name="Sum">The sum of all numbers.</param>
/// <param name="Texts">About how many different texts there are.</param>
public readonly record struct ProducerTotals(long Count, long First, long Last, long Sum, long Texts);

/// <summary>The views of the host's store.</summary>
public static class NumberedViews
{
    /// <summary>One row per producer.</summary>
    public static ViewDefinition<NumberedEvent, int, ProducerTotals> ByProducer { get; } = View.Of<NumberedEvent>("by_producer")
        .GroupBy(e => e.Producer)
        .Select(g => new ProducerTotals(g.Count(), g.Earliest(e => e.Number), g.Latest(e => e.Number), g.Sum(e => e.Number), g.ApproxDistinct(e => e.Text)));

    /// <summary>Many rows.</summary>
    public static ViewDefinition<NumberedEvent, long, long> ByNumber { get; } = View.Of<NumberedEvent>("by_number")
        .GroupBy(e => e.Number)
        .Select(g => g.Count());

    /// <summary>The options of the host's store.</summary>
    public static void Configure(LambdaStoreOptions<NumberedEvent> options)
    {
        options.EventTime(e => e.At).AddView(ByProducer).AddView(ByNumber);
        options.SegmentEvents = 300;
        options.BatchThreads = 1;
    }
}
