using LambdaCore.Aggregates;
using LambdaCore.Batch;
using LambdaCore.Values;

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

    /// <summary>The last file of a batch view that had the key, and where: what is to blame if the states turn out to be none that the view can have.</summary>
    private LookupFile? _file;
    private long _offset;

    /// <summary>Takes in what one batch view holds for the key.</summary>
    /// <param name="file">Its file.</param>
    /// <param name="state">The encoded states, within it.</param>
    /// <exception cref="LookupDamagedException">They are none of the view's.</exception>
    public void AddBatch(LookupFile file, ReadOnlySpan<byte> state)
    {
        if (Sources.HasFlag(AnswerSource.Batch))
        {
            file.MergeInto(ref Batch, state);
        }
        else
        {
            Batch = file.Read<TRow>(state);
            Sources |= AnswerSource.Batch;
        }

        _file = file;
        _offset = file.OffsetOf(state);
    }

    /// <summary>The error that says where keys or states come from that no event can have led to: the file of a batch view, which is computed anew, or the log.</summary>
    /// <param name="view">The view.</param>
    /// <param name="error">What was found.</param>
    public readonly LambdaCoreException Damage(string view, Exception error) => _file is not null
        ? Damage(_file, error)
        : StateRows.NotOfEvents(view, error);

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
    /// <exception cref="LookupDamagedException">What a batch view holds does not go with the rest.</exception>
    public TRow Merged()
    {
        if (!HasSpeed)
        {
            return Batch;
        }

        if (Sources.HasFlag(AnswerSource.Batch))
        {
            try
            {
                Speed.Merge(in Batch);
            }
            catch (Exception error) when (_file is not null && StateBytes.Refuses(error))
            {
                throw Damage(_file, error);
            }
        }

        return Speed;
    }

    private readonly LookupDamagedException Damage(LookupFile file, Exception error) => new(file.Path, _offset, $"there is no row of the view ({error.Message})", error);
}
