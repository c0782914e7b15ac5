using LambdaCore.Views;

namespace LambdaCore.Serving;

/// <summary>Finds the windows of a view's key whose end the watermark passes.</summary>
internal static class EventTimeWindows
{
    /// <summary>The windows of a view's key, if they are of event time: windows of other times say nothing about the watermark.</summary>
    /// <param name="plan">The view.</param>
    /// <param name="eventTimeColumn">The property of event time.</param>
    public static WindowAssigner? Of(ViewPlan plan, string eventTimeColumn) =>
        plan.WindowKey is { Scalar: CallScalar { Arguments: [ColumnScalar time] }, Window: { } windows } && time.Property.Name == eventTimeColumn ? windows : null;

    /// <summary>Whether a view's key has sessions of event time.</summary>
    /// <param name="plan">The view.</param>
    /// <param name="eventTimeColumn">The property of event time.</param>
    public static bool HasSessions(ViewPlan plan, string eventTimeColumn) => plan.SessionKey is { Scalar: ColumnScalar time } && time.Property.Name == eventTimeColumn;
}
