namespace LambdaCore.Tests.EndToEnd.Model;

/// <summary>What makes the files of a store fewer; no answer may change by it.</summary>
internal sealed partial class StoreModel
{
    /// <summary>The oldest version of the log whose files no vacuum has deleted.</summary>
    public long OldestVersion { get; private set; }

    /// <summary>Writes small segments into one.</summary>
    [RandomStep(2)]
    public async Task CompactAsync()
    {
        Tell("compact");
        long revision = _log.Revision;
        try
        {
            CompactionReceipt receipt = await _store!.CompactAsync();
            Model.Check(receipt.SegmentsAfter <= receipt.SegmentsBefore || !_schedule.IsByHand || _segmentEvents < 1_000_000, $"a compaction made {receipt}");
            Tell($"  {receipt.SegmentsBefore} segments became {receipt.SegmentsAfter}");
        }
        catch (LambdaCoreException error) when (_diskFailed)
        {
            Tell($"  it failed, as the disk did earlier: {error.Message}");
        }

        Model.Check(StoreInternals<AnyEvent>.Of(_store!).Log.Revision == revision, $"a compaction changed the log's revision {revision}");
    }

    /// <summary>Deletes files that nothing needs any more.</summary>
    [RandomStep(2)]
    public async Task VacuumAsync()
    {
        TimeSpan keep = _random.Next(2) == 0 ? TimeSpan.Zero : TimeSpan.FromMinutes(_random.Next(1 << _random.Next(12)));
        Tell($"vacuum, keep {keep}");
        try
        {
            VacuumReceipt receipt = await _store!.VacuumAsync(keep);
            Model.Check(receipt.OldestVersion >= OldestVersion, $"version {receipt.OldestVersion} can be read, though a vacuum had deleted files of those before {OldestVersion}");
            Model.Check(receipt.Remaining.Count == 0 || keep > TimeSpan.Zero, $"a vacuum of everything left {string.Join(", ", receipt.Remaining)}");
            OldestVersion = receipt.OldestVersion;
            Tell($"  {receipt.Files} files went, the log can be read from version {receipt.OldestVersion} on");
        }
        catch (LambdaCoreException error) when (_diskFailed)
        {
            Tell($"  it failed, as the disk did earlier: {error.Message}");
        }
    }
}
