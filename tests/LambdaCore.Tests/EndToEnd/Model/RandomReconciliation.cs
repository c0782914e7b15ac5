namespace LambdaCore.Tests.EndToEnd.Model;

/// <summary>Reconciliations drawn at random.</summary>
internal static class RandomReconciliation
{
    /// <summary>A random reconciliation.</summary>
    public static Reconciliation Of(Random random) => random.Next(6) switch
    {
        0 => Reconciliation.Merge,
        1 => Reconciliation.Fallback(random.Next(3) switch { 0 => TimeSpan.Zero, 1 => TimeSpan.FromMinutes(random.Next(300)), _ => TimeSpan.MaxValue }),
        2 or 3 => Reconciliation.Replace,
        _ => Reconciliation.Hybrid(random.Next(4) switch
        {
            0 => TimeSpan.FromMinutes(1 + random.Next(600)),
            1 => TimeSpan.FromTicks(1 + random.NextInt64(TimeSpan.TicksPerDay)),
            2 => TimeSpan.FromDays(1 + random.Next(30)),
            _ => TimeSpan.MaxValue,
        }),
    };
}
