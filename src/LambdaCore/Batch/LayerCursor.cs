using LambdaCore.Aggregates;

namespace LambdaCore.Batch;

/// <summary>Tests an encoded key.</summary>
internal delegate bool KeyTest(ReadOnlySpan<byte> key);

/// <summary>
/// Goes through the rows of several lookup files as if they were one: in the order of the keys, the rows of one key together,
/// in the order of the files. A merge of sorted runs, by a heap of their heads.
/// </summary>
/// <remarks>Not thread-safe. The files must stay open as long as it is used.</remarks>
internal sealed class LayerCursor
{
    private readonly LookupFile[] _files;
    private readonly LookupFile.Enumerator[] _runs;

    /// <summary>The runs that stand at a key not given yet: a heap with the least key, and of the same key the first run, at its top.</summary>
    private readonly int[] _heap;

    /// <summary>The runs that stand at the current key, in order.</summary>
    private readonly int[] _current;
    private int _waiting;
    private int _standing;
    private int _first;

    /// <summary>Begins before the first row.</summary>
    /// <param name="layers">The files.</param>
    /// <param name="low">The lowest key in the range; null for no bound.</param>
    /// <param name="high">The first key after the range; null for no bound.</param>
    public LayerCursor(IEnumerable<LookupFile> layers, byte[]? low = null, byte[]? high = null)
    {
        _files = [.. layers];
        _runs = [.. _files.Select(file => file.Scan(low, high))];
        _heap = new int[_runs.Length];
        _current = [.. Enumerable.Range(0, _runs.Length)];
        RowCount = _standing = _runs.Length;
    }

    /// <summary>The files.</summary>
    public IReadOnlyList<LookupFile> Files => _files;

    /// <summary>How many of the files, from the first on, have no say where <see cref="Supersedes"/> tells.</summary>
    public int SupersededFiles { get; init; }

    /// <summary>The keys that the superseded files have in vain: the others alone count, and where they do not have the key, there is none. Null for no keys.</summary>
    public KeyTest? Supersedes { get; init; }

    /// <summary>The current key, within a file.</summary>
    public ReadOnlySpan<byte> Key => _runs[_current[0]].Key;

    /// <summary>How many files have the current key.</summary>
    public int RowCount { get; private set; }

    /// <summary>The state that one of the files has for the current key.</summary>
    /// <param name="row">Which, from 0 to <see cref="RowCount"/>, in the order of the files.</param>
    public ReadOnlySpan<byte> State(int row) => _runs[_current[_first + row]].State;

    /// <summary>The file that has it.</summary>
    /// <param name="row">As in <see cref="State"/>.</param>
    public LookupFile File(int row) => _files[_current[_first + row]];

    /// <summary>The states of all files for the current key, merged, oldest first.</summary>
    /// <exception cref="LookupDamagedException">One of them is no state.</exception>
    public TRow Merged<TRow>()
        where TRow : struct, IState<TRow>
    {
        TRow merged = File(0).Read<TRow>(State(0));
        for (int row = 1; row < RowCount; row++)
        {
            File(row).MergeInto(ref merged, State(row));
        }

        return merged;
    }

    /// <summary>Goes to the next key.</summary>
    /// <returns>False if there is none.</returns>
    public bool MoveNext()
    {
        do
        {
            GoOn();
            _first = 0;
            if (Supersedes is not null && _standing > 0 && Supersedes(Key))
            {
                while (_first < _standing && _current[_first] < SupersededFiles)
                {
                    _first++;
                }
            }
        }
        while (_standing > 0 && _first == _standing);

        RowCount = _standing - _first;
        return RowCount > 0;
    }

    private void GoOn()
    {
        for (int row = 0; row < _standing; row++)
        {
            if (_runs[_current[row]].MoveNext())
            {
                Push(_current[row]);
            }
        }

        _standing = 0;
        while (_waiting > 0 && (_standing == 0 || _runs[_heap[0]].Key.SequenceEqual(Key)))
        {
            _current[_standing++] = Pop();
        }
    }

    private bool IsBefore(int left, int right)
    {
        int comparison = _runs[left].Key.SequenceCompareTo(_runs[right].Key);
        return comparison != 0 ? comparison < 0 : left < right;
    }

    private void Push(int run)
    {
        int at = _waiting++;
        while (at > 0 && IsBefore(run, _heap[(at - 1) / 2]))
        {
            _heap[at] = _heap[(at - 1) / 2];
            at = (at - 1) / 2;
        }

        _heap[at] = run;
    }

    private int Pop()
    {
        int top = _heap[0];
        int run = _heap[--_waiting];
        int at = 0;
        while ((2 * at) + 1 < _waiting)
        {
            int child = (2 * at) + 1;
            if (child + 1 < _waiting && IsBefore(_heap[child + 1], _heap[child]))
            {
                child++;
            }

            if (!IsBefore(_heap[child], run))
            {
                break;
            }

            _heap[at] = _heap[child];
            at = child;
        }

        _heap[at] = run;
        return top;
    }
}
