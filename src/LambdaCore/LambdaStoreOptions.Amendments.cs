using System.Linq.Expressions;
using LambdaCore.Log;
using LambdaCore.Values;

namespace LambdaCore;

/// <content>Events that amend others.</content>
public sealed partial class LambdaStoreOptions<TEvent>
{
    internal AmendmentProperties? AmendmentProperties { get; private set; }

    /// <summary>
    /// Says by which properties an event amends others: one whose <paramref name="amends"/> is not null takes the place of the events before it in the log that have this
    /// <paramref name="id"/>, and of those before it that amend the same one. They count no more, and the amending event counts itself.
    /// </summary>
    /// <remarks>
    /// <para>
    /// An amending event is durable at once, but joins the views with the next batch run, in the moment in which what it amends leaves them: no answer counts both or neither. Until then
    /// answers are those of a log without it, and receipts say how many wait (<see cref="Receipt.AmendmentsWaiting"/>).
    /// </para>
    /// <para>
    /// What was amended stays so, even if the amending event is amended or erased itself. An event that amends what the log does not have before it amends nothing, neither then nor later, and
    /// counts like any other; <see cref="BatchRun.Amendments"/> says how many there were. Raw events that have gone by <see cref="Retention"/> are not in the log: their states stay counted.
    /// To take an event back without putting anything in its place, amend it by one that the views do not count: one that their Where leaves out, or whose values are neutral.
    /// </para>
    /// <para>
    /// The store keeps which properties these are. They can be said of a store that has events already, and then hold for events that are appended from then on; but not be changed or left out
    /// once that has been said, and <see cref="LambdaStore{TEvent}.CorrectAsync(string, string, string, string, CancellationToken)"/> cannot change them.
    /// </para>
    /// </remarks>
    /// <param name="id">What an event is known by, for instance <c>e => e.Id</c>. Several events may have the same one.</param>
    /// <param name="amends">The id of what the event amends; null if it amends nothing, for instance <c>e => e.AmendedId</c>. Of the same type, but nullable.</param>
    /// <returns>These options.</returns>
    /// <exception cref="ArgumentException">They are not two stored properties of one type, of which the second may be null.</exception>
    public LambdaStoreOptions<TEvent> Amendments<TId, TAmends>(Expression<Func<TEvent, TId>> id, Expression<Func<TEvent, TAmends>> amends)
    {
        ArgumentNullException.ThrowIfNull(id);
        ArgumentNullException.ThrowIfNull(amends);
        EventProperty known = Stored(id, nameof(id));
        EventProperty amended = Stored(amends, nameof(amends));
        if (known == amended || known.Property.PropertyType != (Nullable.GetUnderlyingType(amended.Property.PropertyType) ?? amended.Property.PropertyType) || !amended.Type.IsNullable)
        {
            throw new ArgumentException(
                $"{typeof(TEvent).Name}.{amended.Name} ({amended.Type}) cannot say which {typeof(TEvent).Name}.{known.Name} ({known.Type}) is amended. It must be another property of the same type, but nullable: null is for events that amend nothing.", nameof(amends));
        }

        AmendmentProperties = new AmendmentProperties(known, amended);
        return this;
    }

    private EventProperty Stored(LambdaExpression property, string parameter) =>
        property.Body is MemberExpression { Expression: ParameterExpression } member && Schema.Find(member.Member) is { } found
            ? found
            : throw new ArgumentException(
                $"Amendments need stored properties of {typeof(TEvent).Name}; '{property.Body}' is not one. Write options.Amendments(e => e.Id, e => e.AmendedId).", parameter);
}
