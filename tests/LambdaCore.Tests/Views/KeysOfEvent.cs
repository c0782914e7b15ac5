using LambdaCore.Aggregates;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Tests.Views;

/// <summary>The keys that an event counts for.</summary>
internal static class KeysOfEvent
{
    /// <summary>The encoded keys of an event: one, or one for each of its windows.</summary>
    public static IEnumerable<byte[]> KeysOf<TEvent, TKey, TResult, TRow>(this ViewProgram<TEvent, TKey, TResult, TRow> program, TEvent e)
        where TRow : struct, IState<TRow>
    {
        EventKeys keys = new();
        if (program.WriteEventKeys is { } several)
        {
            several(e, keys);
        }
        else
        {
            program.WriteEventKey(e, keys.Writer);
            keys.End();
        }

        return [.. Enumerable.Range(0, keys.Count).Select(i => keys[i].ToArray())];
    }
}
