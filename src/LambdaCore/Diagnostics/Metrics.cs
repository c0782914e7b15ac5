using System.Diagnostics.Metrics;

namespace LambdaCore.Diagnostics;

/// <summary>Every figure that the library publishes, once. They are of the whole process.</summary>
internal static class Metrics
{
    /// <summary>The name by which listeners find the figures.</summary>
    public const string MeterName = "LambdaCore";

    private static readonly Meter Meter = new(MeterName);

    /// <summary>Keys that the drift audit has compared.</summary>
    public static Counter<long> DriftKeys { get; } = Meter.CreateCounter<long>("lambdacore.drift.keys", "{key}", "Keys whose states in both layers were compared");

    /// <summary>Keys that the drift audit has found different, tagged with the view.</summary>
    public static Counter<long> DriftMismatches { get; } = Meter.CreateCounter<long>("lambdacore.drift.mismatches", "{key}", "Keys whose states in both layers differ");
}
