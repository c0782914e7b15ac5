using LambdaCore.Aggregates;

namespace LambdaCore.Serving;

/// <summary>
/// What the layers hold for one key, in two parts: one merged over all batch views, one merged over what comes after them. A part that no
/// layer holds is the identity. How the parts become a result is for the one who gets them.
/// </summary>
/// <typeparam name="TRow">The states of one key.</typeparam>
internal struct KeyStates<TRow>
    where TRow : struct, IState<TRow>
{
    /// <summary>The states over the events that the batch views cover.</summary>
    public TRow Batch;

    /// <summary>The states over the events after them: from the speed layer, and from the log where that does not reach back to them.</summary>
    public TRow Speed;

    /// <summary>Which parts there are.</summary>
    public AnswerSource Sources;

    /// <summary>Takes in what one batch view holds for the key.</summary>
    /// <param name="state">The encoded states.</param>
    public void AddBatch(ReadOnlySpan<byte> state)
    {
        if (Sources.HasFlag(AnswerSource.Batch))
        {
            StateBytes.MergeInto(ref Batch, state);
        }
        else
        {
            Batch = StateBytes.Read<TRow>(state);
            Sources |= AnswerSource.Batch;
        }
    }

    /// <summary>Whether there is a part after the batch views.</summary>
    public readonly bool HasSpeed => (Sources & (AnswerSource.Speed | AnswerSource.Log)) != AnswerSource.None;

    /// <summary>Whether there are both parts.</summary>
    public readonly bool IsMerged => HasSpeed && Sources.HasFlag(AnswerSource.Batch);

    /// <summary>Takes in what the log gives for the key.</summary>
    /// <param name="states">The states; used up.</param>
    public void AddLog(in TRow states)
    {
        if (HasSpeed)
        {
            Speed.Merge(in states);
        }
        else
        {
            Speed = states;
        }

        Sources |= AnswerSource.Log;
    }

    /// <summary>Both parts as one: the states over all events. The parts may share memory with it, so they are used up.</summary>
    public TRow Merged()
    {
        if (!HasSpeed)
        {
            return Batch;
        }

        if (Sources.HasFlag(AnswerSource.Batch))
        {
            Speed.Merge(in Batch);
        }

        return Speed;
    }
}
