namespace LambdaCore.Batch;

/// <summary>States of a view as they are and as a change of the log would make them, of the keys that it touches alone: sorted runs in scratch files, which go with it.</summary>
internal sealed class PreviewedStates : IDisposable
{
    private readonly List<SortedRuns> _runs = [];
    private readonly List<LookupFile> _old = [];
    private readonly List<LookupFile> _current = [];

    /// <summary>The states as they are, in the order of the log; a key may be in several files, with parts of its state.</summary>
    public IReadOnlyList<LookupFile> Old => _old;

    /// <summary>The states as they would be, likewise.</summary>
    public IReadOnlyList<LookupFile> Current => _current;

    /// <summary>Takes in states of the events that come next, which both sides have.</summary>
    public void AddToBoth(SortedRuns states)
    {
        AddOld(states);
        _current.AddRange(states.Files);
    }

    /// <summary>Takes in states of the events that come next, as they are.</summary>
    public void AddOld(SortedRuns states)
    {
        _runs.Add(states);
        _old.AddRange(states.Files);
    }

    /// <summary>Takes in states of the events that come next, as they would be.</summary>
    public void AddCurrent(SortedRuns states)
    {
        _runs.Add(states);
        _current.AddRange(states.Files);
    }

    /// <summary>Closes and deletes the files.</summary>
    public void Dispose() => _runs.ForEach(r => r.Dispose());
}
