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

    /// <summary>Whether an error of reading the key, or of making a result, says that a batch view holds what no event can have led to.</summary>
    public readonly bool IsDamage(Exception error) => _file is not null && (error is InvalidDataException or NoSuchTimeException);

    /// <summary>The error that names the batch view's file.</summary>
    public readonly LookupDamagedException Damage(Exception error) => new(_file!.Path, _offset, $"there is no row of the view ({error.Message})", error);

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
                throw Damage(error);
            }
        }

        return Speed;
    }
}
