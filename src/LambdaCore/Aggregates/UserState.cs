using System.Buffers;
using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>
/// The state of a user's aggregate, or the fact that it failed. Nothing that its code throws gets any further, since there is nobody to catch it
/// where states are folded, merged and moved: the state becomes a failed one, which stays failed whatever is merged into it.
/// </summary>
/// <remarks>
/// Bytes: a varint length, then 0 and what the user writes, or 1 and a <see cref="UserFailure"/>. Which failure is kept does not depend on the order in
/// which events and states come together, provided that whether an event fails depends on that event alone.
/// </remarks>
/// <typeparam name="TAggregate">The user's aggregate.</typeparam>
/// <typeparam name="TInput">Its input.</typeparam>
/// <typeparam name="TResult">Its result.</typeparam>
internal struct UserState<TAggregate, TInput, TResult> : IState<UserState<TAggregate, TInput, TResult>>
    where TAggregate : struct, IAggregate<TAggregate, TInput, TResult>
{
    private const byte Sound = 0;
    private const byte Failed = 1;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? output;

    [ThreadStatic]
    private static ByteWriter? failed;

    private TAggregate _value;
    private UserFailure? _failure;

    /// <summary>The user's state; meaningful only if it did not fail.</summary>
    public readonly TAggregate Value => _value;

    /// <summary>Why there is none.</summary>
    public readonly UserFailure? Failure => _failure;

    /// <inheritdoc/>
    public static unsafe UserState<TAggregate, TInput, TResult> Read(ref ByteReader reader)
    {
        ReadOnlySpan<byte> bytes = reader.ReadBytes();
        UserState<TAggregate, TInput, TResult> state = default;
        byte mark = bytes.Length == 0 ? byte.MaxValue : bytes[0];
        if (mark == Sound)
        {
            try
            {
                state._value = TAggregate.Read(bytes[1..]);
            }
            catch (Exception error) when (UserFailure.Keeps(error))
            {
                state.Fail(UserFailure.Of(nameof(Read), error));
            }
        }
        else if (mark == Failed)
        {
            fixed (byte* start = bytes)
            {
                ByteReader failure = new(start + 1, bytes.Length - 1);
                state._failure = UserFailure.Read(ref failure);
            }
        }
        else
        {
            throw new InvalidDataException($"The state of {typeof(TAggregate)} begins with {mark}, which is neither {Sound} nor {Failed}.");
        }

        return state;
    }

    /// <summary>Adds the value of an event. In a failed state it only finds out whether this is an earlier event that fails.</summary>
    public void Add(TInput input, in EventStamp stamp)
    {
        long position = stamp.Position.Value;
        if (_failure is not null && position >= _failure.Position)
        {
            return;
        }

        try
        {
            _value.Add(input, stamp);
            _value = _failure is null ? _value : default;
        }
        catch (Exception error) when (UserFailure.Keeps(error))
        {
            Fail(UserFailure.Of(nameof(Add), error, position));
        }
    }

    /// <inheritdoc/>
    public void Merge(in UserState<TAggregate, TInput, TResult> other)
    {
        if (_failure is not null || other._failure is not null)
        {
            Fail(other._failure);
            return;
        }

        try
        {
            _value.Merge(in other._value);
        }
        catch (Exception error) when (UserFailure.Keeps(error))
        {
            Fail(UserFailure.Of(nameof(Merge), error));
        }
    }

    /// <inheritdoc/>
    public readonly void Write(ByteWriter writer)
    {
        UserFailure? failure = _failure;
        if (failure is null)
        {
            ArrayBufferWriter<byte> bytes = output ??= new ArrayBufferWriter<byte>();
            bytes.ResetWrittenCount();
            try
            {
                _value.Write(bytes);
                writer.WriteVarint((uint)bytes.WrittenCount + 1);
                writer.WriteByte(Sound);
                writer.WriteRaw(bytes.WrittenSpan);
                return;
            }
            catch (Exception error) when (UserFailure.Keeps(error))
            {
                failure = UserFailure.Of(nameof(Write), error);
            }
        }

        ByteWriter whole = failed ??= new ByteWriter();
        whole.Clear();
        whole.WriteByte(Failed);
        failure.Write(whole);
        writer.WriteBytes(whole.Written);
    }

    private void Fail(UserFailure? failure)
    {
        _failure = UserFailure.First(_failure, failure);
        _value = default;
    }
}
