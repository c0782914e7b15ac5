using System.Buffers.Binary;
using FASTER.core;
using LambdaCore.Values;

namespace LambdaCore.Speed;

/// <summary>One thread's access to the <see cref="SpillStore"/>, with the buffers that it needs. Not thread-safe.</summary>
internal sealed unsafe class SpillSession : IDisposable
{
    private readonly ClientSession<SpanByte, SpanByte, Empty, PinnedBytes, Empty, SpillFunctions> _session;
    private readonly PinnedBytes _key = new();
    private readonly PinnedBytes _value = new();

    /// <summary>Opens a session.</summary>
    public SpillSession(FasterKV<SpanByte, SpanByte> faster) =>
        _session = faster.For(new SpillFunctions()).NewSession<SpillFunctions>();

    /// <summary>Reads the latest state of a key, from memory or from disk.</summary>
    /// <param name="generation">The generation's number.</param>
    /// <param name="key">The encoded key.</param>
    /// <param name="state">The state's bytes, valid until the session is used again.</param>
    /// <param name="length">The length of the value, with its room for growth.</param>
    /// <returns>The address of the record; 0 if there is none.</returns>
    public long Read(uint generation, ReadOnlySpan<byte> key, out ByteReader state, out int length)
    {
        SpanByte fasterKey = Encode(generation, key);
        Empty input = default;
        PinnedBytes output = _value;
        Status status = _session.Read(ref fasterKey, ref input, ref output);
        if (status.IsPending)
        {
            _session.CompletePendingWithOutputs(out CompletedOutputIterator<SpanByte, SpanByte, Empty, PinnedBytes, Empty> completed, wait: true);
            using (completed)
            {
                if (!completed.Next())
                {
                    throw new LambdaCoreException("FASTER completed a read from disk without an answer.");
                }

                status = completed.Current.Status;
            }
        }

        if (!status.Found)
        {
            state = default;
            length = 0;
            return 0;
        }

        length = _value.Length;
        state = new ByteReader(_value.Pointer, length);
        return _value.Address;
    }

    /// <summary>Writes the state of a key, in place if it is as long as the present one and still in mutable memory.</summary>
    /// <returns>The address of the record.</returns>
    public long Write(uint generation, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        SpanByte fasterKey = Encode(generation, key);
        value.CopyTo(_value.Resize(value.Length));
        SpanByte fasterValue = _value.SpanByte;
        Empty input = default;
        PinnedBytes output = _value;
        Status status = _session.Upsert(ref fasterKey, ref input, ref fasterValue, ref output, out RecordMetadata record);
        if (!status.IsCompletedSuccessfully)
        {
            throw new LambdaCoreException($"FASTER did not take a state of {value.Length} bytes; its status is '{status}'.");
        }

        return record.Address;
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();

    private SpanByte Encode(uint generation, ReadOnlySpan<byte> key)
    {
        Span<byte> room = _key.Resize(SpillStore.PrefixBytes + key.Length);
        BinaryPrimitives.WriteUInt32BigEndian(room, generation);
        key.CopyTo(room[SpillStore.PrefixBytes..]);
        return _key.SpanByte;
    }
}
