using FASTER.core;
using LambdaCore.Values;

namespace LambdaCore.Speed;

/// <summary>What FASTER does with keys and values: it compares and copies their bytes.</summary>
internal sealed class SpillFunctions : FunctionsBase<SpanByte, SpanByte, Empty, PinnedBytes, Empty>
{
    /// <inheritdoc/>
    public override bool SingleReader(ref SpanByte key, ref Empty input, ref SpanByte value, ref PinnedBytes dst, ref ReadInfo readInfo) =>
        CopyOut(ref value, dst, in readInfo);

    /// <inheritdoc/>
    public override bool ConcurrentReader(ref SpanByte key, ref Empty input, ref SpanByte value, ref PinnedBytes dst, ref ReadInfo readInfo) =>
        CopyOut(ref value, dst, in readInfo);

    /// <inheritdoc/>
    public override bool SingleWriter(
        ref SpanByte key, ref Empty input, ref SpanByte src, ref SpanByte dst, ref PinnedBytes output, ref UpsertInfo upsertInfo, WriteReason reason)
    {
        src.CopyTo(ref dst);
        return true;
    }

    /// <summary>Overwrites a value in place if the new one is as long, so that records never change their size.</summary>
    public override bool ConcurrentWriter(
        ref SpanByte key, ref Empty input, ref SpanByte src, ref SpanByte dst, ref PinnedBytes output, ref UpsertInfo upsertInfo)
    {
        if (src.Length != dst.Length)
        {
            return false;
        }

        src.AsReadOnlySpan().CopyTo(dst.AsSpan());
        return true;
    }

    private static bool CopyOut(ref SpanByte value, PinnedBytes destination, in ReadInfo readInfo)
    {
        // What FASTER 2.6.5 returns as the address of a record read from disk is that of the first one in its hash
        // chain, which another key's may be; here it is the right one.
        destination.Address = readInfo.Address;
        value.AsReadOnlySpan().CopyTo(destination.Resize(value.Length));
        return true;
    }

    /// <summary>Equality and hash of keys by their bytes.</summary>
    internal sealed class KeyComparer : IFasterEqualityComparer<SpanByte>
    {
        /// <inheritdoc/>
        public long GetHashCode64(ref SpanByte k) => (long)XxHash64.Hash(k.AsReadOnlySpan());

        /// <inheritdoc/>
        public bool Equals(ref SpanByte k1, ref SpanByte k2) => k1.AsReadOnlySpan().SequenceEqual(k2.AsReadOnlySpan());
    }
}
