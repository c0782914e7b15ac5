namespace LambdaCore.Speed;

/// <summary>
/// The addresses of records that a later record of the same key has replaced: a bit for each eight bytes of the log,
/// in blocks that exist once something in them was replaced. It costs at most a 64th of the log, and lets a scan tell
/// at once whether a record is a key's latest; FASTER's own iteration keeps all such keys in a second store, and up to 2.6.5
/// returns wrong ones (microsoft/FASTER issue 962).
/// </summary>
/// <remarks>Any number of threads may ask while none changes it.</remarks>
internal sealed class SupersededRecords
{
    private const int RecordAlignment = 8;
    private const int BlockBytes = 1 << 16;

    private readonly Dictionary<long, ulong[]> _blocks = [];

    /// <summary>Marks a record as replaced.</summary>
    public void Add(long address)
    {
        (long block, int word, ulong bit) = Locate(address);
        if (!_blocks.TryGetValue(block, out ulong[]? words))
        {
            words = new ulong[BlockBytes / RecordAlignment / 64];
            _blocks.Add(block, words);
        }

        words[word] |= bit;
    }

    /// <summary>Whether a record was replaced.</summary>
    public bool Contains(long address)
    {
        (long block, int word, ulong bit) = Locate(address);
        return _blocks.TryGetValue(block, out ulong[]? words) && (words[word] & bit) != 0;
    }

    /// <summary>Forgets the records before an address.</summary>
    public void DropBefore(long address)
    {
        foreach (long block in _blocks.Keys.Where(block => (block + 1) * BlockBytes <= address).ToArray())
        {
            _blocks.Remove(block);
        }
    }

    private static (long Block, int Word, ulong Bit) Locate(long address)
    {
        int unit = (int)(address % BlockBytes) / RecordAlignment;
        return (address / BlockBytes, unit / 64, 1UL << (unit % 64));
    }
}
