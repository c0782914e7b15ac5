using LambdaCore.Values;

namespace LambdaCore.Tests.EndToEnd.Model;

/// <summary>Questions about the past, and about where a row comes from.</summary>
internal sealed partial class StoreModel
{
    /// <summary>Asks as of a position, anywhere in the log: what is not sealed is sealed.</summary>
    [RandomStep(4)]
    public async Task AskAsOfPositionAsync()
    {
        if (_diskFailed)
        {
            return;
        }

        LearnAmendments();
        int seed = _random.Next();
        int end = _random.Next((int)_store!.RawStart.Value, _log.Count + 1);
        ModelView view = _views[_random.Next(_views.Count)];
        Tell($"ask {view.Name} as of {end}, seed {seed}");
        Tell($"  {await view.CheckPastAsync(_store!.AsOf(new LogPosition(end)), Moment, _log.Current, end, new Random(seed))}");
    }

    /// <summary>Asks what was known at a time: often just when something was appended, or just before.</summary>
    [RandomStep(4)]
    public async Task AskAsOfTimeAsync()
    {
        if (_diskFailed)
        {
            return;
        }

        LearnAmendments();
        int seed = _random.Next();
        DateTimeOffset time = _log.Count == 0 || _random.Next(8) == 0
            ? _clock.GetUtcNow() - TimeSpan.FromMinutes(_random.Next(3) * _random.Next(10_000))
            : _times.IngestedAt(_random.Next(_log.Count)) - TimeSpan.FromMicroseconds(_random.Next(2));
        ModelView view = _views[_random.Next(_views.Count)];

        // Commits tell their times in milliseconds.
        long revision = _log.Changes.Where(c => DateTimeOffset.FromUnixTimeMilliseconds(c.At.ToUnixTimeMilliseconds()) <= time).Select(c => c.Revision).LastOrDefault();
        int end = Enumerable.Range(0, _log.Count).TakeWhile(i => _times.IngestedAt(i) <= time).Count();
        Tell($"ask {view.Name} as it was known at {time:O}, with {end} events, revision {revision}, seed {seed}");
        try
        {
            Tell($"  {await view.CheckPastAsync(_store!.AsOf(time), Moment, _log.At(revision), end, new Random(seed))}");
        }
        catch (LambdaCoreException error) when (error.Message.Contains("have gone by retention", StringComparison.Ordinal))
        {
            Model.Check(end < _store!.RawStart.Value || _log.Changes.Any(c => c.Revision > revision), $"{end} events were known, and raw events begin at {_store.RawStart}: {error.Message}");
            Tell("  some of the events have gone");
        }
        catch (LambdaCoreException error) when (error.Message.StartsWith("The log cannot be read as it was known", StringComparison.Ordinal))
        {
            long next = _log.Changes.Select(c => c.Revision).First(r => r > revision);
            Model.Check(OldestVersion >= next, $"revision {revision} cannot be read, though no vacuum deleted files of versions from {OldestVersion} on, and version {next - 1} has it: {error.Message}");
            Tell($"  the files from before revision {next} are gone");
        }
    }

    /// <summary>Asks which events a row is made of.</summary>
    [RandomStep(4)]
    public async Task ExplainAsync()
    {
        if (_diskFailed || _store!.RawStart > LogPosition.Zero)
        {
            return;
        }

        int seed = _random.Next();
        ModelView view = _views[_random.Next(_views.Count)];
        Tell($"explain a row of {view.Name}, seed {seed}");
        Tell($"  {await view.CheckExplanationAsync(Moment, new Random(seed))}");
    }
}
