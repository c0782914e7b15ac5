using System.Globalization;

namespace LambdaCore;

/// <summary>What <see cref="LambdaStore.SalvageAsync"/> could keep of a damaged store, and what it could not.</summary>
/// <param name="RawStart">The first position whose event the store could still have had; before it, retention had removed events.</param>
/// <param name="Position">The end of the log of the new store: the next event gets this position. No position that was acknowledged before is used again.</param>
/// <param name="Lost">The ranges whose events are lost, in order. In the new store these positions stay without events.</param>
/// <param name="Damage">What was wrong with the files, one entry for each.</param>
public sealed record SalvageReport(LogPosition RawStart, LogPosition Position, IReadOnlyList<LogRange> Lost, IReadOnlyList<SalvagedDamage> Damage)
{
    /// <summary>How many positions the lost ranges have.</summary>
    public long LostPositions => Lost.Sum(r => r.Count);

    /// <summary>How many positions of the log have been kept with what they had: an event, or nothing if it was rejected or erased.</summary>
    public long KeptPositions => Position.Value - RawStart.Value - LostPositions;

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{KeptPositions} positions kept, {LostPositions} lost{(Lost.Count == 0 ? "" : $": {string.Join(", ", Lost)}")}. {string.Join(" ", Damage.Select(d => $"'{d.File}': {d.Problem.TrimEnd('.')}."))}");
}

/// <summary>What was wrong with a file of a damaged store.</summary>
/// <param name="File">The file's name in the store.</param>
/// <param name="Problem">What is wrong, as a sentence without its full stop.</param>
/// <param name="Range">The events that it held; null if that is not known, or it held none.</param>
public sealed record SalvagedDamage(string File, string Problem, LogRange? Range);
