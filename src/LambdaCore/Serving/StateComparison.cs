using System.Reflection;
using LambdaCore.Aggregates;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Serving;

/// <summary>Compares the bytes of a key's states, leaving out aggregates whose bytes depend on the order of events.</summary>
internal sealed class StateComparison
{
    private readonly bool _hasSessions;
    private readonly (Pass Pass, bool Counts)[] _states;

    /// <summary>Prepares for a view.</summary>
    public StateComparison(ViewPlan plan)
    {
        _hasSessions = plan.SessionKey is not null;
        _states = [.. plan.Aggregates.Select(a => (PassOver(a.Function.State), !a.Function.IsOrderDependent))];
    }

    /// <summary>Reads a state and forgets it.</summary>
    private delegate void Pass(ref ByteReader reader);

    /// <summary>Whether two keys' states are equal.</summary>
    /// <exception cref="InvalidDataException">The bytes are no states of the view.</exception>
    public bool Same(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) =>
        left.SequenceEqual(right) || (Array.Exists(_states, state => !state.Counts) && SameInParts(left, right));

    private static Pass PassOver(Type state) =>
        typeof(StateComparison).GetMethod(nameof(Skip), BindingFlags.Static | BindingFlags.NonPublic)!.MakeGenericMethod(state).CreateDelegate<Pass>();

    private static void Skip<TState>(ref ByteReader reader)
        where TState : struct, IState<TState> => TState.Read(ref reader);

    private unsafe bool SameInParts(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        fixed (byte* leftStart = left, rightStart = right)
        {
            ByteReader leftReader = new(leftStart, left.Length);
            ByteReader rightReader = new(rightStart, right.Length);
            int rows = 1;
            if (_hasSessions)
            {
                (rows, long gap) = SessionBytes.ReadHeader(ref leftReader);
                if ((rows, gap) != SessionBytes.ReadHeader(ref rightReader))
                {
                    return false;
                }
            }

            for (int row = 0; row < rows; row++)
            {
                if (_hasSessions && SessionBytes.ReadBounds(ref leftReader) != SessionBytes.ReadBounds(ref rightReader))
                {
                    return false;
                }

                foreach ((Pass pass, bool counts) in _states)
                {
                    int leftAt = left.Length - (int)leftReader.Remaining;
                    int rightAt = right.Length - (int)rightReader.Remaining;
                    pass(ref leftReader);
                    pass(ref rightReader);
                    if (counts && !left[leftAt..^(int)leftReader.Remaining].SequenceEqual(right[rightAt..^(int)rightReader.Remaining]))
                    {
                        return false;
                    }
                }
            }

            return leftReader.Remaining == 0 && rightReader.Remaining == 0;
        }
    }
}
