namespace LambdaCore.Storage;

/// <summary>
/// Decides what of an <see cref="InMemoryStorage"/> is on the medium when the power is cut. What was not flushed may be there in any part: nothing, all, all up to
/// some moment, or any subset, in units of 512 or 4,096 bytes, or of whole writes; and so may the names that changed since their folder was flushed.
/// </summary>
/// <remarks>Everything follows from the random numbers. For one thread.</remarks>
internal sealed class PowerCut
{
    private readonly Random _random;
    private readonly int _names;

    /// <summary>Draws how cruel this power cut is.</summary>
    public PowerCut(Random random)
    {
        _random = random;
        UnitLength = random.Next(4) switch { 0 => 4096, 1 => 1 << 30, _ => 512 };
        _names = random.Next(6);
    }

    /// <summary>The number of bytes that reach the medium together, at a multiple of it.</summary>
    public long UnitLength { get; }

    /// <summary>Either of two things, alike.</summary>
    public bool Happens() => _random.Next(2) == 0;

    /// <summary>Whether a name is in its folder as it was seen last, rather than as it was when the folder was flushed.</summary>
    public bool NameIsAsSeen() => _names switch { 0 => true, 1 => false, _ => Happens() };

    /// <summary>How many units a write touches.</summary>
    public static int UnitsOf(long offset, long length, long unitLength) => length == 0 ? 0 : (int)(((offset + length - 1) / unitLength) - (offset / unitLength) + 1);

    /// <summary>Tells of each unit of one file, in the order of the writes, whether it is on the medium.</summary>
    /// <param name="count">How many there are.</param>
    public Func<bool> ChanceOfUnits(int count)
    {
        int left = _random.Next(count + 1);
        return _random.Next(6) switch
        {
            0 => () => false,
            1 => () => true,
            2 => () => left-- > 0,
            3 => Luck(0.9),
            _ => Luck(0.5),
        };

        Func<bool> Luck(double chance) => () => _random.NextDouble() < chance;
    }
}
