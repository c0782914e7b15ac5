using System.Runtime.CompilerServices;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>The parts of an open store, for what no user can ask for: to seal, and to begin a generation.</summary>
internal static class StoreInternals<TEvent>
{
    /// <summary>The parts of a store.</summary>
    public static OpenStore<TEvent> Of(LambdaStore<TEvent> store) => Parts(store);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_parts")]
    private static extern ref OpenStore<TEvent> Parts(LambdaStore<TEvent> store);
}
