using LambdaCore.Aggregates;

namespace LambdaCore.Serving;

/// <summary>
/// What the layers hold for one key, in two parts: one merged over all batch views, one merged over the speed layer. A part that no
/// layer holds is the identity. How the parts become a result is for the one who gets them.
/// </summary>
/// <typeparam name="TRow">The states of one key.</typeparam>
internal struct KeyStates<TRow>
    where TRow : struct, IState<TRow>
{
    /// <summary>The states over the events that the batch views cover.</summary>
    public TRow Batch;

    /// <summary>The states over the events after them.</summary>
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

    /// <summary>Both parts as one: the states over all events. The parts may share memory with it, so they are used up.</summary>
    public TRow Merged()
    {
        if (!Sources.HasFlag(AnswerSource.Speed))
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
