using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>
/// The sessions of one key, in the order of time: the union of the windows <c>[t, t + gap)</c> of its events, with the states of the
/// events in each part of the union (session windows as in Akidau et al., The Dataflow Model, VLDB 2015, section 2.2.1). Windows that only touch,
/// since their events are exactly the gap apart, stay two sessions.
/// </summary>
/// <remarks>
/// A union does not care for the order in which its parts come, so merging is associative and commutative; a late event may lengthen a
/// session, move its beginning or join it with its neighbour. The events of a session need not be known for that: only its first and its last time
/// meet others. Adding an event at the end takes constant time, amortised; elsewhere a binary search, and moving the sessions behind it if there is
/// one more or less of them. Merging takes time for the other's sessions and for the own ones that are not before all of these.
/// </remarks>
/// <typeparam name="TRow">The states of one session.</typeparam>
internal struct SessionSet<TRow> : IState<SessionSet<TRow>>
    where TRow : struct, IState<TRow>
{
    private Session<TRow>[]? _sessions;
    private int _count;
    private long _gap;

    /// <summary>The sessions: disjoint, ascending, at least the gap apart. Valid until the set changes.</summary>
    public readonly ReadOnlySpan<Session<TRow>> Sessions => _sessions.AsSpan(0, _count);

    /// <summary>The gap in microseconds, positive; 0 if the set is empty and may get any.</summary>
    public readonly long Gap => _gap;

    /// <inheritdoc/>
    public static SessionSet<TRow> Read(ref ByteReader reader)
    {
        SessionSet<TRow> set = default;
        (int count, long gap) = SessionBytes.ReadHeader(ref reader);
        if (count == 0)
        {
            return set;
        }

        set._gap = gap;
        set._sessions = new Session<TRow>[count];
        for (; set._count < count; set._count++)
        {
            ref Session<TRow> session = ref set._sessions[set._count];
            (session.First, session.Last) = SessionBytes.ReadBounds(ref reader);
            session.Row = TRow.Read(ref reader);
            if (session.Last < session.First || (set._count > 0 && !IsApart(set._sessions[set._count - 1].Last, session.First, gap)))
            {
                throw new InvalidDataException($"A session from {session.First} to {session.Last} does not follow the one before it with a gap of {gap} microseconds.");
            }
        }

        return set;
    }

    /// <summary>The states of the session that an event belongs to, to add it to them; the event itself counts into the session's bounds here.</summary>
    /// <param name="time">When the event happened, in microseconds since the Unix epoch.</param>
    /// <param name="gap">The gap in microseconds: positive, and the same in every call.</param>
    /// <returns>The states, valid until the set changes.</returns>
    public ref TRow At(long time, long gap)
    {
        RequireGap(gap);
        int at = _count > 0 && IsApart(_sessions![_count - 1].Last, time, gap) ? _count : FirstReaching(time);
        if (at == _count || IsApart(time, _sessions![at].First, gap))
        {
            Insert(at);
            _sessions![at] = new Session<TRow> { First = time, Last = time };
            return ref _sessions[at].Row;
        }

        ref Session<TRow> session = ref _sessions[at];
        session.First = Math.Min(session.First, time);
        if (time > session.Last)
        {
            session.Last = time;
            if (at + 1 < _count && !IsApart(time, _sessions[at + 1].First, gap))
            {
                Join(ref session, in _sessions[at + 1]);
                Remove(at + 1);
            }
        }

        return ref session.Row;
    }

    /// <inheritdoc/>
    public void Merge(in SessionSet<TRow> other)
    {
        if (other._count == 0)
        {
            return;
        }

        RequireGap(other._gap);
        ReadOnlySpan<Session<TRow>> theirs = other.Sessions;
        int kept = FirstReaching(theirs[0].First);
        Span<Session<TRow>> rest = _sessions.AsSpan(kept, _count - kept);
        Session<TRow>[] ours = [.. rest];
        rest.Clear();
        _count = kept;
        _sessions ??= new Session<TRow>[theirs.Length];
        int own = 0;
        foreach (ref readonly Session<TRow> their in theirs)
        {
            while (own < ours.Length && ours[own].First < their.First)
            {
                Take(in ours[own++], isOwn: true);
            }

            Take(in their, isOwn: false);
        }

        while (own < ours.Length)
        {
            Take(in ours[own++], isOwn: true);
        }
    }

    /// <summary>
    /// The set of some of the sessions alone. It shares memory with this one: one of the two may be changed, and the other is not to be used then.
    /// </summary>
    /// <param name="start">The first of them.</param>
    /// <param name="end">The one behind the last of them.</param>
    public readonly SessionSet<TRow> Slice(int start, int end) =>
        end - start == _count ? this
        : start == end ? default
        : new() { _sessions = Sessions[start..end].ToArray(), _count = end - start, _gap = _gap };

    /// <summary>The sessions that two sets make together, in order, and which of either each is made of.</summary>
    public static IReadOnlyList<SessionSpan> Spans(in SessionSet<TRow> left, in SessionSet<TRow> right)
    {
        List<SessionSpan> spans = new(Math.Max(left._count, right._count));
        long gap = Math.Max(left._gap, right._gap);
        int leftEnd = 0;
        int rightEnd = 0;
        while (leftEnd < left._count || rightEnd < right._count)
        {
            int leftStart = leftEnd;
            int rightStart = rightEnd;
            long first = Math.Min(NextFirst(in left, leftEnd), NextFirst(in right, rightEnd));
            long last = first;
            while (Extends(in left, ref leftEnd, gap, ref last) || Extends(in right, ref rightEnd, gap, ref last))
            {
            }

            spans.Add(new SessionSpan(first, last, leftStart, leftEnd, rightStart, rightEnd));
        }

        return spans;

        static long NextFirst(in SessionSet<TRow> set, int at) => at < set._count ? set._sessions![at].First : long.MaxValue;

        static bool Extends(in SessionSet<TRow> set, ref int at, long gap, ref long last)
        {
            if (at == set._count || IsApart(last, set._sessions![at].First, gap))
            {
                return false;
            }

            last = Math.Max(last, set._sessions[at++].Last);
            return true;
        }
    }

    /// <inheritdoc/>
    public readonly void Write(ByteWriter writer)
    {
        SessionBytes.WriteHeader(writer, _count, _gap);
        foreach (ref readonly Session<TRow> session in Sessions)
        {
            SessionBytes.WriteBounds(writer, session.First, session.Last);
            session.Row.Write(writer);
        }
    }

    /// <summary>Whether an event after another one begins a session of its own. The times may be as far apart as times get.</summary>
    private static bool IsApart(long earlier, long later, long gap) => later > earlier && (ulong)(later - earlier) >= (ulong)gap;

    private static void Join(ref Session<TRow> session, in Session<TRow> next)
    {
        session.Last = Math.Max(session.Last, next.Last);
        session.Row.Merge(in next.Row);
    }

    private void RequireGap(long gap)
    {
        if (_count > 0 && _gap != gap)
        {
            throw new InvalidOperationException($"Sessions with gaps of {_gap} and {gap} microseconds cannot be one set.");
        }

        _gap = gap;
    }

    /// <summary>The first session whose window ends after a time; the number of sessions if there is none. All before it are over by then.</summary>
    private readonly int FirstReaching(long time)
    {
        int first = 0;
        int end = _count;
        while (first < end)
        {
            int middle = (int)(((uint)first + (uint)end) / 2);
            if (IsApart(_sessions![middle].Last, time, _gap))
            {
                first = middle + 1;
            }
            else
            {
                end = middle;
            }
        }

        return first;
    }

    /// <summary>Puts a session that begins no earlier than the last one behind it, or into it.</summary>
    private void Take(in Session<TRow> next, bool isOwn)
    {
        if (_count > 0 && !IsApart(_sessions![_count - 1].Last, next.First, _gap))
        {
            Join(ref _sessions[_count - 1], in next);
            return;
        }

        int at = _count;
        Insert(at);
        _sessions![at] = next;
        if (!isOwn)
        {
            // States may refer to memory that is the other set's, so merging, not assigning.
            _sessions[at].Row = default;
            _sessions[at].Row.Merge(in next.Row);
        }
    }

    private void Insert(int at)
    {
        if (_sessions is null || _count == _sessions.Length)
        {
            Array.Resize(ref _sessions, Math.Max(1, checked(2 * _count)));
        }

        Array.Copy(_sessions, at, _sessions, at + 1, _count - at);
        _count++;
    }

    private void Remove(int at)
    {
        _count--;
        Array.Copy(_sessions!, at + 1, _sessions!, at, _count - at);
        _sessions![_count] = default;
    }
}
