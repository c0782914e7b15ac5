using System.Globalization;
using LambdaCore.Tables;

namespace LambdaCore.Log;

/// <summary>
/// The commits of the master dataset that change what its events say, as opposed to those that only add events or write the same ones elsewhere: how they are
/// named, what they record, and how that is read back.
/// </summary>
/// <param name="Kind">What is done.</param>
/// <param name="Reason">Why.</param>
/// <param name="By">Who asked for it, if known.</param>
/// <param name="Condition">Which events are meant, in words that may be kept; else null.</param>
/// <param name="Setters">Which values they are given, in words; null if they are removed.</param>
internal sealed record ContentChange(LogChangeKind Kind, string Reason, string? By, string? Condition, string? Setters)
{
    /// <summary>The operation of a commit that applies amendments.</summary>
    public const string AmendOperation = "AMEND";

    /// <summary>The fact that says up to where amendments were applied in the store that a salvage was made of.</summary>
    public const string AmendedFact = "amended";

    private const string ReasonFact = "reason";
    private const string ByFact = "by";
    private const string ConditionFact = "condition";
    private const string SettersFact = "set";
    private const string EventsFact = "events";
    private const string PositionFact = "position";

    private static readonly Dictionary<string, LogChangeKind> Operations = new(StringComparer.Ordinal)
    {
        ["CORRECT"] = LogChangeKind.Correction,
        ["ERASE"] = LogChangeKind.Erasure,
        [AmendOperation] = LogChangeKind.Amendment,
    };

    /// <summary>The operation that stands in the commit.</summary>
    public string Operation => Operations.Single(o => o.Value == Kind).Key;

    /// <summary>Whether a commit changed the content of events.</summary>
    public static bool Is(DeltaCommit commit) => Operations.ContainsKey(commit.Operation);

    /// <summary>The revision of the content of a version of the master dataset: the newest version that changed content; 0 for none.</summary>
    public static long RevisionOf(DeltaSnapshot snapshot) => Operations.Keys.Max(o => snapshot.LastVersionOf(o) ?? 0);

    /// <summary>The end of the events whose amendments were applied: no event before it waits.</summary>
    public static LogPosition AmendedEnd(DeltaSnapshot snapshot) =>
        snapshot.LastFacts(AmendOperation) is { } facts ? PositionOf(facts)
        : snapshot.LastFacts(LogSalvage.Operation)?.GetValueOrDefault(AmendedFact) is { } amended ? new LogPosition(long.Parse(amended, CultureInfo.InvariantCulture))
        : LogPosition.Zero;

    /// <summary>The end of the events that were looked at, off the facts of a commit.</summary>
    public static LogPosition PositionOf(IReadOnlyDictionary<string, string> facts) => new(long.Parse(facts[PositionFact], CultureInfo.InvariantCulture));

    /// <summary>The facts that stand in the commit.</summary>
    /// <param name="events">How many events were changed or removed.</param>
    /// <param name="end">The end of the events that were looked at.</param>
    public IEnumerable<KeyValuePair<string, string>> Facts(long events, LogPosition end) =>
        new (string Name, string? Value)[]
        {
            (ReasonFact, Reason),
            (ByFact, By),
            (ConditionFact, Condition),
            (SettersFact, Setters),
            (EventsFact, events.ToString(CultureInfo.InvariantCulture)),
            (PositionFact, end.ToString()),
        }.Where(f => f.Value is not null).Select(f => KeyValuePair.Create(f.Name, f.Value!));

    /// <summary>What a commit that changed content recorded.</summary>
    /// <exception cref="TableCorruptException">It is not what this library records.</exception>
    public static LogChange Read(DeltaCommit commit)
    {
        try
        {
            return Parse(commit);
        }
        catch (Exception error) when (error is KeyNotFoundException or FormatException or OverflowException or ArgumentException)
        {
            throw TableCorruptException.At($"version {commit.Version}", 0, $"its facts are not those of a change of events ({error.Message})", error);
        }
    }

    private static LogChange Parse(DeltaCommit commit) => new(
        commit.Version,
        Operations[commit.Operation],
        commit.Timestamp,
        commit.Facts[ReasonFact],
        commit.Facts.GetValueOrDefault(ByFact),
        long.Parse(commit.Facts[EventsFact], CultureInfo.InvariantCulture),
        new LogPosition(long.Parse(commit.Facts[PositionFact], CultureInfo.InvariantCulture)),
        commit.Facts.GetValueOrDefault(ConditionFact),
        commit.Facts.GetValueOrDefault(SettersFact));
}
