using System.Linq.Expressions;

namespace LambdaCore.Tests.EndToEnd.Model;

/// <summary>Corrections: the model changes the same events by the same expressions, compiled.</summary>
internal sealed partial class StoreModel
{
    /// <summary>Corrects some events, after a preview now and then.</summary>
    [RandomStep(3)]
    public async Task CorrectAsync()
    {
        if (_diskFailed)
        {
            return;
        }

        Expression<Func<AnyEvent, bool>> where = RandomEvents();
        (Action<EventSetters<AnyEvent>> set, Func<AnyEvent, AnyEvent> apply, string text) = RandomSetter();
        Tell($"correct where {where.Body}: {text}");
        Func<AnyEvent, bool> holds = where.Compile(preferInterpretation: true);
        HashSet<int> rejected = [.. _times.Rejected];

        // Looked at afterwards: the batch that comes first may let raw events go.
        Dictionary<int, AnyEvent?> Changed()
        {
            LearnAmendments();
            return Enumerable.Range(0, _log.Count)
                .Where(i => i >= _store!.RawStart.Value && !rejected.Contains(i) && _log.Current[i] is { } old && holds(old) && !Encode(apply(old)).AsSpan().SequenceEqual(Encode(old)))
                .ToDictionary(i => i, i => (AnyEvent?)apply(_log.Current[i]!));
        }

        CorrectionPreview<AnyEvent>? preview = null;
        if (_random.Next(3) == 0)
        {
            preview = await _store!.PreviewAsync(where, set);
            Dictionary<int, AnyEvent?> expected = Changed();
            Model.Check(preview.Events == expected.Count, $"a preview says that {preview.Events} events would change, but {expected.Count} would");
            Model.Check(
                preview.Sample.Select(d => (int)d.Position.Value).SequenceEqual(expected.Keys.Order().Take(preview.Sample.Count)), $"a preview shows {Values.Show(preview.Sample.Select(d => d.Position.Value))} of {Values.Show(expected.Keys.Order())}");
        }

        Correction correction = await _store!.CorrectAsync(where, set, "drawn at random", "the model");
        Dictionary<int, AnyEvent?> changed = Changed();
        _knownRun = _store.BatchStatus.LastRun;
        Tell($"  {correction.Events} events, revision {correction.Revision}");
        Model.Check(correction.Position.Value == _log.Count, $"the correction looked at events before {correction.Position}, but {_log.Count} were acknowledged");
        Model.Check(correction.Events == changed.Count, $"the correction says that it changed {correction.Events} events, but it must have changed {Values.Show(changed.Keys.Order())}");
        Model.Check(correction.Views.All(v => v.Failure is null), $"views did not follow the correction: {string.Join("; ", correction.Views)}");

        // A batch by schedule that let raw events go in between leaves the correction less to do.
        if (preview is not null && preview.Events == correction.Events)
        {
            IEnumerable<string> expected = preview.Events == 0 ? [] : _views.Select(v => v.Name).Order(StringComparer.Ordinal);
            Model.Check(preview.Views.Select(v => v.View).Order(StringComparer.Ordinal).SequenceEqual(expected), $"a preview compares the views {Values.Show(preview.Views.Select(v => v.View))}");

            // Where the log answers, no layer has keys to compute anew, whatever changes.
            string[] untouched = [.. correction.Views.Where(v => v.Keys == 0 && !IsRebuilding(_views.First(view => view.Name == v.Name))).Select(v => v.Name)];
            Model.Check(preview.Views.All(v => v.IsSame || !untouched.Contains(v.View)), $"a preview says {string.Join("; ", preview.Views)}, but no key changed in {Values.Show(untouched)}");
        }

        if (changed.Count > 0)
        {
            _log.Change(correction.Revision, _clock.GetUtcNow(), changed);
        }
        else
        {
            Model.Check(correction.Revision == _log.Revision, $"the correction changed nothing, but the revision is {correction.Revision} after {_log.Revision}");
        }

        LookWhatLogAnswers();
        if (_schedule.IsByHand)
        {
            _lastBatchFailed = false;
            foreach (ModelView view in _views.Where(v => !IsRebuilding(v)))
            {
                _batchEnds[view.Name] = _log.Count;
            }
        }

        await AskAllAsync();
    }

    private Expression<Func<AnyEvent, bool>> RandomEvents()
    {
        int number = _random.Next(10);
        long from = _random.Next(_log.Count + 1);
        long to = from + _random.Next(20);
        return _random.Next(6) switch
        {
            0 => e => e.Small == number,
            1 => e => e.Category == "view",
            2 => e => e.Sequence % 3 == 0,
            3 => e => e.FlagMaybe == true || e.Amount > 50,
            4 => e => e.Sequence < 0,
            _ => e => e.Sequence >= from && e.Sequence < to,
        };
    }

    private (Action<EventSetters<AnyEvent>> Set, Func<AnyEvent, AnyEvent> Apply, string Text) RandomSetter()
    {
        DateTimeOffset time = _source.AnyTime();
        return _random.Next(7) switch
        {
            0 => (s => s.Set(e => e.Small, e => 9 - e.Small), e => e with { Small = 9 - e.Small }, "Small = 9 - Small"),
            1 => (s => s.Set(e => e.Category, "purchase"), e => e with { Category = "purchase" }, "Category = purchase"),
            2 => (s => s.Set(e => e.At, time), e => e with { At = time }, $"At = {time:O}"),
            3 => (s => s.Set(e => e.Flag, e => !e.Flag), e => e with { Flag = !e.Flag }, "Flag = !Flag"),
            4 => (s => s.Set(e => e.MoneyMaybe, (decimal?)null).Set(e => e.Text, "corrected"), e => e with { MoneyMaybe = null, Text = "corrected" }, "MoneyMaybe = null, Text = corrected"),
            5 => (s => s.Set(e => e.Float64, 2.5).Set(e => e.Int32, e => e.Small), e => e with { Float64 = 2.5, Int32 = e.Small }, "Float64 = 2.5, Int32 = Small"),
            _ => (s => s.Set(e => e.Amount, e => e.Amount * 2), e => e with { Amount = e.Amount * 2 }, "Amount = Amount * 2"),
        };
    }
}
