using LambdaCore.Batch;
using LambdaCore.DuckDb;
using LambdaCore.Log;
using LambdaCore.Running;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Changes;

/// <summary>
/// Changes events that are in the log already: in one commit for the log, and then in every view. Appends and queries go on meanwhile; batches wait.
/// </summary>
/// <typeparam name="TEvent">The event type.</typeparam>
internal sealed class LogChanges<TEvent>(EventLog<TEvent> log, BatchRunner<TEvent> batches, DuckDbEngine duckDb, EventSchema schema, AmendmentProperties? amendments, TimeProvider clock)
{
    private const int MostInSample = 20;

    /// <summary>The columns of the event type.</summary>
    public EventSchema Schema => schema;

    /// <summary>Reads a change off SQL, which is parsed but never run.</summary>
    /// <param name="where">The condition.</param>
    /// <param name="set">The assignments; null if the events are to go.</param>
    /// <exception cref="ArgumentException">It holds something else than operators on the event's columns; the message names it.</exception>
    public EventChange Read(string where, string? set)
    {
        return SqlChange.Of(schema, (where, Parse(where)), set is null ? null : (set, Parse(set)));

        string Parse(string text)
        {
            // The parser would stop at a NUL and pass over what follows.
            if (text.Contains('\0', StringComparison.Ordinal))
            {
                throw new ArgumentException($"The SQL '{text}' holds the character NUL. Nothing was changed.");
            }

            if (!ClosedExpression.IsWellFormed(text))
            {
                throw new ArgumentException("The SQL holds a surrogate without its partner, which has no UTF-8 form. Remove it. Nothing was changed.");
            }

            try
            {
                using DuckDbConnection connection = duckDb.Connect();
                return connection.Scalar<string>("SELECT CAST(json_serialize_sql($1::VARCHAR) AS VARCHAR)", SqlChange.Query(text))!;
            }
            catch (DuckDbException error) when (!error.InvalidatesInstance)
            {
                throw new ArgumentException($"The SQL '{text}' cannot be parsed: {error.Message} Nothing was changed.", error);
            }
        }
    }

    /// <summary>Gives events other values.</summary>
    /// <param name="change">Which, and which values.</param>
    /// <param name="record">What the commit records.</param>
    /// <param name="cancellationToken">Stops it before its commit, after which it comes to its end.</param>
    /// <exception cref="ArgumentException">A value could not have been appended.</exception>
    public async Task<Correction> CorrectAsync(EventChange change, ContentChange record, CancellationToken cancellationToken)
    {
        long started = clock.GetTimestamp();
        ThrowIfAmending(change);
        Register(change);
        Correction? made = null;
        IReadOnlyList<ChangedView> views = await batches.RewriteAsync(
            async end =>
            {
                PreparedRewrite prepared = log.PrepareRewrite(Request(change, end), cancellationToken);
                try
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    IReadOnlyList<RewrittenSegment> segments = await log.CommitRewriteAsync(prepared, record).ConfigureAwait(false);
                    made = new Correction(end, log.Revision, prepared.Events, segments.Count, [], default);
                    return prepared;
                }
                catch
                {
                    prepared.Dispose();
                    throw;
                }
            },
            cancellationToken).ConfigureAwait(false);
        return made! with { Views = views, Elapsed = clock.GetElapsedTime(started) };
    }

    /// <summary>Says what <see cref="CorrectAsync"/> would do.</summary>
    public Task<CorrectionPreview<TEvent>> PreviewAsync(EventChange change, CancellationToken cancellationToken)
    {
        ThrowIfAmending(change);
        Register(change);
        return batches.AfterBatchAsync(
            end =>
            {
                using PreparedRewrite prepared = log.PrepareRewrite(Request(change, end), cancellationToken);
                IReadOnlyList<SegmentDraft> segments = prepared.Segments;
                return new CorrectionPreview<TEvent>(
                    end, prepared.Events, segments.Count, segments.Sum(s => s.Old.File.Size), segments.Sum(s => s.Draft.Size), log.Sample(prepared, MostInSample))
                {
                    Views = batches.Preview(prepared, cancellationToken),
                };
            },
            cancellationToken);
    }

    private static RewriteRequest Request(EventChange change, LogPosition end) => new(
        end, change.ConditionSql, [.. change.Setters.Select(s => new ColumnAssignment(new EventColumn(s.Property.Name, s.Property.Type), s.StoredValue, s.Fails))]);

    /// <summary>What an event amends was settled by the batch run that applied it.</summary>
    private void ThrowIfAmending(EventChange change)
    {
        if (amendments is not null && change.Setters.Select(s => s.Property).FirstOrDefault(p => p == amendments.Id || p == amendments.Amends) is { } property)
        {
            throw new ArgumentException(
                $"{schema.EventType.Name}.{property.Name} cannot be corrected: events amend others by {amendments.Amends.Name} and {amendments.Id.Name}, and what they have amended stays so. Append an event that amends the wrong one. Nothing was changed.");
        }
    }

    private void Register(EventChange change) => duckDb.Register(ScalarFunctions.BeyondTable(change.Callbacks));
}
