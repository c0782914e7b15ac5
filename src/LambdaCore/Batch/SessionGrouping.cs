using LambdaCore.Aggregates;
using LambdaCore.DuckDb;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Batch;

/// <summary>Makes one row of states of the rows of a batch view that are sessions of the same key.</summary>
/// <param name="plan">A view with sessions.</param>
/// <param name="visit">Takes in the sessions of each key.</param>
internal sealed class SessionGrouping(ViewPlan plan, VisitStates visit)
{
    private readonly int _start = plan.Keys.Index().First(k => k.Item == plan.SessionKey).Index;
    private readonly int _last = plan.Keys.Count;
    private readonly long _gap = plan.SessionKey!.SessionGap!.Value;
    private readonly ByteWriter _key = new();
    private readonly ByteWriter _sessions = new();
    private readonly ByteWriter _state = new();
    private int _count;

    /// <summary>Takes in the next session; those of one key come one after another, in the order of time.</summary>
    /// <param name="key">The encoded key without the session.</param>
    /// <param name="rows">The rows, which have the session's first and last time.</param>
    /// <param name="row">Which row.</param>
    /// <param name="states">The encoded states of the session.</param>
    public void Add(ReadOnlySpan<byte> key, DuckDbResult rows, int row, ReadOnlySpan<byte> states)
    {
        if (_count > 0 && !key.SequenceEqual(_key.Written))
        {
            Complete();
        }

        if (_count++ == 0)
        {
            _key.WriteRaw(key);
        }

        SessionBytes.WriteBounds(_sessions, rows.Column(_start).Get<long>(row), rows.Column(_last).Get<long>(row));
        _sessions.WriteRaw(states);
    }

    /// <summary>Gives away the sessions of the last key.</summary>
    public void Complete()
    {
        if (_count > 0)
        {
            SessionBytes.WriteHeader(_state, _count, _gap);
            _state.WriteRaw(_sessions.Written);
            visit(_key.Written, _state.Written);
        }

        _key.Clear();
        _sessions.Clear();
        _state.Clear();
        _count = 0;
    }
}
