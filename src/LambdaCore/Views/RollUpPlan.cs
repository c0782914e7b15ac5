using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>Writes the keys of a roll-up that the rows of one key of its source count for.</summary>
/// <param name="sourceKey">The source's key, encoded.</param>
/// <param name="keys">Takes the encoded keys.</param>
internal delegate void RollUpKey(ref ByteReader sourceKey, EventKeys keys);

/// <summary>How a view's states come from those of another view, which has the same aggregates of the same events by finer keys.</summary>
/// <param name="Source">The other view.</param>
/// <param name="WriteKeys">From a key of the other view to those of this one.</param>
internal sealed record RollUpPlan(ViewPlan Source, RollUpKey WriteKeys)
{
    /// <summary>How many views there are between this one and the events.</summary>
    public int Depth => 1 + (Source.RollUp?.Depth ?? 0);

    /// <summary>Whether a view is the one that is rolled up.</summary>
    public bool IsOf(ViewPlan view) => view.Name == Source.Name && view.Fingerprint == Source.Fingerprint;
}
