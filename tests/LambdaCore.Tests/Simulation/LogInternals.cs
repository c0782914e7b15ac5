using System.Runtime.CompilerServices;
using LambdaCore.Log;
using LambdaCore.Tables;

namespace LambdaCore.Tests.Simulation;

/// <summary>What no user of the log can ask for: its table.</summary>
internal static class LogInternals<TEvent>
{
    /// <summary>The master dataset.</summary>
    public static DeltaTable Table(EventLog<TEvent> log) => OfLog(log);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_table")]
    private static extern ref DeltaTable OfLog(EventLog<TEvent> log);
}
