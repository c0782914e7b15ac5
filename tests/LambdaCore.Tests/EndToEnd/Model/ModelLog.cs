namespace LambdaCore.Tests.EndToEnd.Model;

/// <summary>
/// The acknowledged events in order, and every value that each of them ever had: an event may be changed after it was appended, or erased, which leaves a
/// hole at its position.
/// </summary>
internal sealed class ModelLog
{
    private readonly List<List<Version>> _events = [];
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
    public void Append(IEnumerable<AnyEvent> events)
    {
        _events.AddRange(events.Select(e => new List<Version> { new(0, e) }));
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
    public AnyEvent Appended(int position) => _events[position][0].Value!;

    /// <summary>The log as it is, with a future of its own.</summary>
    public ModelLog Copy()
    {
        ModelLog copy = new();
        copy._events.AddRange(_events.Select(versions => new List<Version>(versions)));
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
