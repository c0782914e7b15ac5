using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LambdaCore.Aggregates;

namespace LambdaCore.Batch;

/// <content>Rows as states. A checksum that is right does not say that a state is what stands there, and whoever reads it has to know which file is to be computed anew.</content>
internal sealed unsafe partial class LookupFile
{
    /// <summary>Reads a state.</summary>
    /// <param name="state">A state within the file.</param>
    /// <exception cref="LookupDamagedException">It is none.</exception>
    public TRow Read<TRow>(ReadOnlySpan<byte> state)
        where TRow : struct, IState<TRow>
    {
        try
        {
            return StateBytes.Read<TRow>(state);
        }
        catch (Exception error) when (StateBytes.Refuses(error))
        {
            throw NoRow(state, error);
        }
    }

    /// <summary>Merges a state into another.</summary>
    /// <param name="row">The other; of no use after an error.</param>
    /// <param name="state">A state within the file.</param>
    /// <exception cref="LookupDamagedException">It is none, or none that goes with the other.</exception>
    public void MergeInto<TRow>(ref TRow row, ReadOnlySpan<byte> state)
        where TRow : struct, IState<TRow>
    {
        try
        {
            StateBytes.MergeInto(ref row, state);
        }
        catch (Exception error) when (StateBytes.Refuses(error))
        {
            throw NoRow(state, error);
        }
    }

    /// <summary>Where a key or a state within the file begins, in bytes.</summary>
    public long OffsetOf(ReadOnlySpan<byte> within) => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(within)) - _start;

    /// <summary>The error of a key or state that is not what the view has.</summary>
    /// <param name="within">It, within the file.</param>
    /// <param name="error">What was found.</param>
    public LookupDamagedException NoRow(ReadOnlySpan<byte> within, Exception error) => new(_path, OffsetOf(within), $"there is no row of the view ({error.Message})", error);
}
