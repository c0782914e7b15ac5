using System.Text;
using LambdaCore.Storage;
using LambdaCore.Values;

namespace LambdaCore.Tests.Simulation;

/// <summary>Everything that a run did to its disk, in one number: each call, and what was on the disk just before it.</summary>
internal sealed class JournalHash
{
    private ulong _value;

    /// <summary>The number.</summary>
    public ulong Value => _value;

    /// <summary>How many calls it counts.</summary>
    public int Calls { get; private set; }

    /// <summary>Adds a call that is about to be made.</summary>
    public void Add(InMemoryStorage disk, StorageCall call)
    {
        Calls++;
        ulong one = XxHash64.Hash(Encoding.UTF8.GetBytes($"{call.Operation} {call.Path}")) + (CrashStates.Changes(call) ? disk.Print : 0);
        _value = (((_value << 7) | (_value >> 57)) ^ one) * 0x9FB21C651E98DF25;
    }
}
