using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>The encoded keys that one event counts for, one after another. Not thread-safe.</summary>
internal sealed class EventKeys
{
    private int[] _ends = new int[8];

    /// <summary>What the keys are written to.</summary>
    public ByteWriter Writer { get; } = new();

    /// <summary>How many keys were ended.</summary>
    public int Count { get; private set; }

    /// <summary>A key, by its number from 0; valid until the next key is written.</summary>
    public ReadOnlySpan<byte> this[int number] => Writer.Written[(number == 0 ? 0 : _ends[number - 1]).._ends[number]];

    /// <summary>Ends a key: what was written since the last one.</summary>
    public void End()
    {
        if (Count == _ends.Length)
        {
            Array.Resize(ref _ends, 2 * Count);
        }

        _ends[Count++] = Writer.Length;
    }

    /// <summary>Forgets all keys and keeps the memory.</summary>
    public void Clear()
    {
        Writer.Clear();
        Count = 0;
    }
}
