using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>By which columns the events of a store amend others; it stands in the master dataset, since what was appended was judged by it. Immutable.</summary>
/// <param name="Id">The id of the column of what an event is known by.</param>
/// <param name="Amends">The id of the column of what it amends.</param>
internal sealed record StoredAmendments(int Id, int Amends)
{
    /// <summary>What the events of a store have that begins with an event type.</summary>
    public static StoredSchema First<TEvent>(EventCodec<TEvent> codec)
    {
        StoredSchema first = StoredSchema.First(codec.Schema, codec.EventTimeProperty, codec.Fingerprint);
        return Declare(first, first, codec.Amendments, codec.Schema, isEmpty: true);
    }

    /// <summary>Declares how events amend others, which holds from the first event on that is appended from now on.</summary>
    /// <param name="stored">What the store's events have.</param>
    /// <param name="wanted">What they have from now on.</param>
    /// <param name="declared">The properties that the store is opened with; null if there are none.</param>
    /// <param name="events">The event type.</param>
    /// <param name="isEmpty">Whether no event was ever appended, so that nothing binds.</param>
    /// <returns>What the events have from now on, with that.</returns>
    /// <exception cref="LambdaCoreException">The store was opened by other properties before. Nothing was changed.</exception>
    public static StoredSchema Declare(StoredSchema stored, StoredSchema wanted, AmendmentProperties? declared, EventSchema events, bool isEmpty)
    {
        StoredAmendments? now = declared is null ? null : new StoredAmendments(ColumnOf(wanted, declared.Id), ColumnOf(wanted, declared.Amends));
        if (stored.AmendmentColumns is var (id, amends) && stored.Amendments != now && !isEmpty)
        {
            throw new LambdaCoreException(
                $"The events of this store amend others by {events.EventType.Name}.{amends.Name}, which is the {id.Name} of what they amend; but it was opened {(declared is null ? "without Amendments" : $"with Amendments by {declared.Amends.Name} and {declared.Id.Name}")}. "
                + $"Events wait for the batch that applies them, so this cannot change any more. Write options.Amendments(e => e.{id.Name}, e => e.{amends.Name}); properties that have other names now say so with FormerName. Nothing was changed on disk.");
        }

        return wanted.Amendments == now ? wanted : wanted.With(now);
    }

    private static int ColumnOf(StoredSchema schema, EventProperty property) => schema.Active.First(c => c.Name == property.Name).Id;
}
