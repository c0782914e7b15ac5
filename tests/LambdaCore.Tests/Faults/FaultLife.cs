using System.Globalization;

namespace LambdaCore.Tests.Faults;

/// <summary>What a host told of one life of a store.</summary>
/// <param name="number">The life's number, which is its producer's too.</param>
/// <param name="lines">Its lines, without the number of the job.</param>
internal sealed class FaultLife(int number, IReadOnlyList<string> lines)
{
    /// <summary>The errors that say what happened and what to do.</summary>
    private static readonly HashSet<string> Clear =
        [.. typeof(LambdaStore).Assembly.GetTypes().Where(t => t.IsAssignableTo(typeof(LambdaCoreException))).Select(t => t.Name)];

    /// <summary>The life's number.</summary>
    public int Number => number;

    /// <summary>Its lines.</summary>
    public IReadOnlyList<string> Lines => lines;

    /// <summary>The appends that were begun: first number and count.</summary>
    public IReadOnlyList<(long First, long Count)> Attempts { get; } = [.. Of(lines, "try").Select(f => (Long(f[1]), Long(f[2])))];

    /// <summary>The appends that were acknowledged: first number, count, position.</summary>
    public IReadOnlyList<(long First, long Count, long Position)> Acknowledged { get; } = [.. Of(lines, "ack").Select(f => (Long(f[1]), Long(f[2]), Long(f[3])))];

    /// <summary>Corrections and erasures (where the mark is 0), in their order, with whether they were acknowledged.</summary>
    public IReadOnlyList<(FaultChange Change, bool IsDone)> Changes { get; } = [.. ChangesOf(lines)];

    /// <summary>Forks that were begun: the position before, the path, and whether they were acknowledged.</summary>
    public IReadOnlyList<(long Position, string Path, bool IsDone)> Forks { get; } =
        [.. Of(lines, "fork").Select(f => (Long(f[1]), f[2], Of(lines, "forked").Any(done => done[2] == f[2])))];

    /// <summary>What failed. Not that an order to compute a view anew was refused because an earlier one goes on: it outlasts a kill, and a full disk.</summary>
    public IReadOnlyList<string> Failures { get; } =
        [.. lines.Where(l => l.StartsWith("failed", StringComparison.Ordinal) && !l.Contains("is being computed anew already", StringComparison.Ordinal))];

    /// <summary>What failed with an error that is not one of the library's.</summary>
    public IReadOnlyList<string> Unclear => [.. Failures.Where(f => !Clear.Contains(f.Split(' ')[2]))];

    /// <summary>What the host itself saw to be wrong.</summary>
    public IReadOnlyList<string> Wrong { get; } = [.. lines.Where(l => l.StartsWith("wrong", StringComparison.Ordinal))];

    /// <summary>What it was about when it ended.</summary>
    public string LastPhase => lines.LastOrDefault(l => l.StartsWith("phase", StringComparison.Ordinal))?["phase ".Length..] ?? "start";

    /// <summary>The lines of one job.</summary>
    public static FaultLife Of(int life, int job, IEnumerable<string> tape)
    {
        string begin = string.Create(CultureInfo.InvariantCulture, $"{job} ");
        return new FaultLife(life, [.. tape.Where(l => l.StartsWith(begin, StringComparison.Ordinal)).Select(l => l[begin.Length..])]);
    }

    private static IEnumerable<string[]> Of(IReadOnlyList<string> lines, string word) => lines.Select(l => l.Split(' ')).Where(f => f[0] == word);

    private static IEnumerable<(FaultChange Change, bool IsDone)> ChangesOf(IReadOnlyList<string> lines)
    {
        string[][] all = [.. lines.Select(l => l.Split(' ')).Where(f => f[0] is "change" or "changed")];
        for (int i = 0; i < all.Length; i++)
        {
            if (all[i] is ["change", var producer, var remainder, var mark, var rawStart])
            {
                yield return (new FaultChange(Long(producer), Long(remainder), Long(mark), Long(rawStart)), i + 1 < all.Length && all[i + 1][0] == "changed");
            }
        }
    }

    private static long Long(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}

/// <summary>A correction or an erasure.</summary>
/// <param name="Producer">Whose events it is about.</param>
/// <param name="Remainder">Which of them: those whose number leaves this remainder by 5.</param>
/// <param name="Mark">The mark that they get; 0 erases them.</param>
/// <param name="RawStart">It reaches no events before.</param>
internal readonly record struct FaultChange(long Producer, long Remainder, long Mark, long RawStart);
