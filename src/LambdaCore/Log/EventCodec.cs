using System.Linq.Expressions;
using System.Reflection;
using System.Text;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>Restores an event.</summary>
/// <typeparam name="TEvent">The event type.</typeparam>
internal delegate TEvent DecodeEvent<out TEvent>(ref ByteReader reader);

/// <summary>
/// Turns events of one type into bytes and back, by delegates compiled once from the type's
/// <see cref="EventSchema"/>. Thread-safe.
/// </summary>
/// <typeparam name="TEvent">The event type.</typeparam>
internal sealed class EventCodec<TEvent>
{
    private readonly Action<TEvent, ByteWriter> _encode;

    /// <summary>Compiles the codec.</summary>
    /// <param name="schema">The columns of the event type.</param>
    /// <param name="eventTime">The property that holds the event time.</param>
    /// <param name="amendments">How events say that they amend others; null if they never do.</param>
    public EventCodec(EventSchema schema, EventProperty eventTime, AmendmentProperties? amendments = null)
    {
        Schema = schema;
        Amendments = amendments;
        EventTimeProperty = eventTime;
        Fingerprint = XxHash64.Hash(Encoding.UTF8.GetBytes(
            string.Join('\n', schema.Properties.Select(p => $"{p.Name}:{p.Type}").Prepend("LambdaCore event encoding 2"))));
        _encode = CompileEncode(schema);
        Decode = CompileDecode(schema);
        ParameterExpression e = Expression.Parameter(typeof(TEvent), "e");
        EventTime = Expression.Lambda<Func<TEvent, long>>(ClrType.ToRepresentation(Expression.Property(e, eventTime.Property)), e).Compile();
        IsAmending = amendments is null
            ? null
            : Expression.Lambda<Func<TEvent, bool>>(
                Expression.NotEqual(Expression.Property(e, amendments.Amends.Property), Expression.Constant(null, amendments.Amends.Property.PropertyType)), e).Compile();
    }

    /// <summary>The columns of the event type.</summary>
    public EventSchema Schema { get; }

    /// <summary>The property that holds the event time.</summary>
    public EventProperty EventTimeProperty { get; }

    /// <summary>A hash of names and types of all columns in order; it stands in front of each group of encoded events.</summary>
    public ulong Fingerprint { get; }

    /// <summary>The event time, in microseconds since the Unix epoch.</summary>
    public Func<TEvent, long> EventTime { get; }

    /// <summary>How events say that they amend others; null if they never do.</summary>
    public AmendmentProperties? Amendments { get; }

    /// <summary>Tells whether an event amends another; null if none ever does.</summary>
    public Func<TEvent, bool>? IsAmending { get; }

    /// <summary>Reads an event that <see cref="Encode"/> wrote.</summary>
    public DecodeEvent<TEvent> Decode { get; }

    /// <summary>Writes an event.</summary>
    /// <exception cref="ArgumentException">The event, or one of its properties, cannot be stored; the message names the property and the value. Nothing was written.</exception>
    public void Encode(TEvent e, ByteWriter writer)
    {
        int start = writer.Length;
        try
        {
            _encode(e, writer);
        }
        catch (Exception cause) when (cause is not OutOfMemoryException)
        {
            writer.Truncate(start);
            throw Explain(e, cause);
        }
    }

    /// <summary>Finds out, slowly, which property takes most of an event's encoding.</summary>
    /// <returns>The property, and the bytes that it takes.</returns>
    public (string Property, int Bytes) Largest(TEvent e)
    {
        ParameterExpression parameter = Expression.Parameter(typeof(TEvent), "e");
        ParameterExpression writer = Expression.Parameter(typeof(ByteWriter), "writer");
        return Schema.Properties.Select(p => ($"{Schema.EventType.Name}.{p.Name}", Measure(p))).MaxBy(p => p.Item2);

        int Measure(EventProperty property)
        {
            ByteWriter alone = new();
            Expression.Lambda<Action<TEvent, ByteWriter>>(EncodeProperty(parameter, writer, property), parameter, writer).Compile()(e, alone);
            return alone.Length;
        }
    }

    private static Action<TEvent, ByteWriter> CompileEncode(EventSchema schema)
    {
        ParameterExpression e = Expression.Parameter(typeof(TEvent), "e");
        ParameterExpression writer = Expression.Parameter(typeof(ByteWriter), "writer");
        return Expression.Lambda<Action<TEvent, ByteWriter>>(
            Expression.Block(schema.Properties.Select(p => EncodeProperty(e, writer, p))), e, writer).Compile();
    }

    private static Expression EncodeProperty(Expression e, Expression writer, EventProperty property) =>
        ValueCoder.Write(writer, ClrType.ToRepresentation(Expression.Property(e, property.Property)), property.Type);

    private static DecodeEvent<TEvent> CompileDecode(EventSchema schema)
    {
        ParameterExpression reader = Expression.Parameter(typeof(ByteReader).MakeByRefType(), "reader");
        Dictionary<EventProperty, ParameterExpression> locals = schema.Properties.ToDictionary(
            p => p, p => Expression.Variable(p.Property.PropertyType, p.Name));
        List<Expression> body = [.. schema.Properties.Select(p => Expression.Assign(
            locals[p], ClrType.FromRepresentation(ValueCoder.Read(reader, p.Type), p.Property.PropertyType)))];

        ParameterInfo[] parameters = schema.Constructor?.GetParameters() ?? [];
        EventProperty[] arguments = [.. parameters.Select(parameter => schema.Properties.First(p => EventSchema.Matches(parameter, p.Property)))];
        NewExpression created = schema.Constructor is null
            ? Expression.New(typeof(TEvent))
            : Expression.New(schema.Constructor, arguments.Select(a => locals[a]));
        MemberAssignment[] assigned = [.. schema.Properties.Except(arguments).Select(p => Expression.Bind(p.Property, locals[p]))];
        body.Add(assigned.Length == 0 ? created : Expression.MemberInit(created, assigned));
        return Expression.Lambda<DecodeEvent<TEvent>>(Expression.Block(locals.Values, body), reader).Compile();
    }

    /// <summary>Encodes property by property, slowly, to find out which one failed.</summary>
    private ArgumentException Explain(TEvent e, Exception cause)
    {
        if (e is null)
        {
            return new ArgumentNullException(nameof(e), "An event is null. Nothing was appended.");
        }

        ParameterExpression parameter = Expression.Parameter(typeof(TEvent), "e");
        ParameterExpression writer = Expression.Parameter(typeof(ByteWriter), "writer");
        foreach (EventProperty property in Schema.Properties)
        {
            string name = $"{Schema.EventType.Name}.{property.Name}";
            try
            {
                if (property.Property.GetValue(e, BindingFlags.DoNotWrapExceptions, binder: null, index: null, culture: null) is null && !property.Type.IsNullable)
                {
                    return new ArgumentException($"{name} is null, but is declared as never null. Give it a value, or declare it nullable. Nothing was appended.", nameof(e), cause);
                }

                Expression.Lambda<Action<TEvent, ByteWriter>>(EncodeProperty(parameter, writer, property), parameter, writer)
                    .Compile()(e, new ByteWriter());
            }
            catch (EncoderFallbackException)
            {
                return new ArgumentException($"{name} holds a surrogate without its partner, which has no UTF-8 form. Remove it, or store the text as byte[]. Nothing was appended.", nameof(e), cause);
            }
            catch (Exception reason) when (reason is not OutOfMemoryException)
            {
                return new ArgumentException($"{name} cannot be stored: {reason.Message} Nothing was appended.", nameof(e), cause);
            }
        }

        return new ArgumentException($"The event cannot be stored: {cause.Message} Nothing was appended.", nameof(e), cause);
    }
}
