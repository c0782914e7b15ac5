using System.Globalization;
using System.Text;
using LambdaCore.Views;

namespace LambdaCore;

/// <summary>A store in words: everything that decides what its answers mean.</summary>
internal static class StoreDescription
{
    /// <summary>Describes a store that is being opened.</summary>
    /// <param name="folder">Where it lives.</param>
    /// <param name="options">What it keeps, and how.</param>
    public static string Of<TEvent>(string folder, LambdaStoreOptions<TEvent> options)
    {
        StringBuilder text = new();
        Line($"Store {folder} of {typeof(TEvent).Name} events");
        Line($"event time: {options.EventTimeProperty!.Name}; allowed disorder {options.AllowedDisorder:c}");
        Line($"late events: grace period {options.GracePeriod:c}, after which they are {Fate(options.LateEvents)} ({nameof(LatePolicy)}.{options.LateEvents})");
        Line($"future events: those more than {options.FutureBound:c} ahead do not move the watermark");
        if (options.AmendmentProperties is var (id, amends))
        {
            Line($"amendments: events amend others by {amends.Name}, which is the {id.Name} of what they amend");
        }

        Line($"durability: {options.Durability}; backpressure: {options.Backpressure}; segments of {options.SegmentEvents:N0} events; batches: {options.BatchSchedule}; raw events stay {options.Retention}");
        foreach ((ViewDefinition<TEvent> view, Reconciliation reconciliation) in options.Views)
        {
            string keys = string.Join(", ", view.Plan.Keys.Select(Of));
            Line($"view {view.Name}: by {keys}; reconciliation: {reconciliation}");
        }

        return text.ToString().TrimEnd();

        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }

    private static string Of(KeyColumn key) => key switch
    {
        { Window: { } windows } => $"{key.Name} (windows of {windows.Description})",
        { SessionGap: { } gap } => $"{key.Name} (sessions with gaps of {TimeSpan.FromMicroseconds(gap):c})",
        _ => key.Name,
    };

    private static string Fate(LatePolicy policy) => policy switch
    {
        LatePolicy.Include => "counted all the same",
        LatePolicy.BatchOnly => "counted by the next batch",
        _ => "rejected",
    };
}
