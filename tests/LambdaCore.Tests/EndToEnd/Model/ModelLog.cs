namespace LambdaCore.Tests.EndToEnd.Model;

/// <summary>
/// The acknowledged events in order, and every value that each of them ever had: an event may be changed after it was appended, or erased, which leaves a
/// hole at its position.
/// </summary>
internal sealed class ModelLog
{
    private readonly List<List<Version>> _events = [];
    private readonly List<AnyEvent> _appended = [];
    private readonly SortedSet<int> _waiting = [];
    private readonly List<ModelChange> _changes = [];
    private IReadOnlyList<AnyEvent?>? _current;

    /// <summary>How many events were acknowledged, those erased among them: the position of the next.</summary>
    public int Count => _events.Count;

    /// <summary>The events as they are now; null where one was erased.</summary>
    public IReadOnlyList<AnyEvent?> Current => _current ??= At(Revision);

    /// <summary>The revision of the newest change; 0 before the first.</summary>
    public long Revision => _changes.Count == 0 ? 0 : _changes[^1].Revision;

    /// <summary>All changes, oldest first.</summary>
    public IReadOnlyList<ModelChange> Changes => _changes;

    /// <summary>A log of events that nothing has become of.</summary>
    public static ModelLog Of(IEnumerable<AnyEvent> events)
    {
        ModelLog log = new();
        log.Append(events);
        return log;
    }

    /// <summary>Adds events at the end.</summary>
    /// <param name="events">The events.</param>
    /// <param name="waits">Tells by its position whether an event amends others and waits, so that it is not there until <see cref="Amend"/>.</param>
    public void Append(IEnumerable<AnyEvent> events, Func<int, bool>? waits = null)
    {
        foreach (AnyEvent e in events)
        {
            bool isWaiting = waits?.Invoke(_events.Count) == true;
            if (isWaiting)
            {
                _waiting.Add(_events.Count);
            }

            _events.Add([new Version(0, isWaiting ? null : e)]);
            _appended.Add(e);
        }

        _current = null;
    }

    /// <summary>How many events before a position amend others and wait.</summary>
    public int WaitingBefore(long position) => _waiting.Count(p => p < position);

    /// <summary>Applies amendments, one event after the other: what it amends goes, and it is there.</summary>
    /// <param name="change">What the store says that it did.</param>
    /// <param name="rawStart">Where raw events began then.</param>
    /// <param name="rejected">The events that are among the dead letters and not in the log.</param>
    public void Amend(LogChange change, long rawStart, HashSet<int> rejected)
    {
        AnyEvent?[] now = [.. Current];
        int[] applied = [.. _waiting.Where(p => p < change.Position.Value)];
        Array.ForEach(applied, p => now[p] = _appended[p]);
        HashSet<int> gone = [];
        foreach (int amending in applied)
        {
            for (int before = (int)rawStart; before < amending; before++)
            {
                if (now[before] is { } e && !rejected.Contains(before) && (e.Sequence == _appended[amending].Amends || e.Amends == _appended[amending].Amends))
                {
                    gone.Add(before);
                }
            }
        }

        Model.Check(change.Events == gone.Count, $"{change} must have amended {Values.Show(gone.Order())}");
        IEnumerable<int> changed = gone.Where(p => !_waiting.Contains(p)).Concat(applied.Except(gone));
        Dictionary<int, AnyEvent?> values = changed.ToDictionary(p => p, p => gone.Contains(p) ? null : now[p]);
        Array.ForEach(applied, p => _waiting.Remove(p));
        foreach ((int position, AnyEvent? value) in values)
        {
            _events[position].Add(new Version(change.Revision, value));
        }

        _changes.Add(new ModelChange(change.Revision, change.At, values));
        _current = null;
    }

    /// <summary>Changes events, as one commit of the store did.</summary>
    /// <param name="revision">The revision that the commit made, higher than all before.</param>
    /// <param name="at">When it was made.</param>
    /// <param name="values">The new values by position; null where an event was erased.</param>
    public void Change(long revision, DateTimeOffset at, IReadOnlyDictionary<int, AnyEvent?> values)
    {
        Model.Check(revision > Revision, $"a change made revision {revision}, after {Revision}");
        foreach ((int position, AnyEvent? value) in values)
        {
            Model.Check(_events[position][^1].Value is not null, $"revision {revision} changed the event at {position}, which had been erased");
            _events[position].Add(new Version(revision, value));
        }

        _changes.Add(new ModelChange(revision, at, values));
        _current = null;
    }

    /// <summary>Erases events that were rejected, so that no view counted them and no revision of the log had them.</summary>
    public void EraseRejected(IEnumerable<int> positions)
    {
        foreach (int position in positions)
        {
            _events[position].Add(new Version(Revision, null));
        }

        _current = null;
    }

    /// <summary>The events as they were after a change; null where one was erased by then.</summary>
    /// <param name="revision">The revision of the log.</param>
    public IReadOnlyList<AnyEvent?> At(long revision) => [.. _events.Select(versions => versions.Last(v => v.Revision <= revision).Value)];

    /// <summary>An event as it was when it was appended, whatever became of it.</summary>
    public AnyEvent Appended(int position) => _appended[position];

    /// <summary>The log as it is, with a future of its own.</summary>
    public ModelLog Copy()
    {
        ModelLog copy = new();
        copy._events.AddRange(_events.Select(versions => new List<Version>(versions)));
        copy._appended.AddRange(_appended);
        copy._waiting.UnionWith(_waiting);
        copy._changes.AddRange(_changes);
        return copy;
    }

    private sealed record Version(long Revision, AnyEvent? Value);
}

/// <summary>One change of events that had been appended.</summary>
/// <param name="Revision">The revision of the log that it made.</param>
/// <param name="At">When it was made.</param>
/// <param name="Values">The new values by position; null where an event was erased.</param>
internal sealed record ModelChange(long Revision, DateTimeOffset At, IReadOnlyDictionary<int, AnyEvent?> Values);
