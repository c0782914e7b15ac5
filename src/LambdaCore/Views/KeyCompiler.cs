using System.Linq.Expressions;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>Compiles the ways between events, keys and the bytes of keys.</summary>
internal static class KeyCompiler
{
    /// <summary>From an event to the bytes of the key of its states.</summary>
    public static Action<T, ByteWriter> WriteEventKey<T>(ViewPlan plan) => WriteColumns<T>(plan.StateKeys);

    /// <summary>From an event to the bytes of columns that are computed from it.</summary>
    /// <typeparam name="T">The event; or the key of another view, for columns that are computed from it.</typeparam>
    public static Action<T, ByteWriter> WriteColumns<T>(IReadOnlyList<KeyColumn> columns)
    {
        ParameterExpression @event = Expression.Parameter(typeof(T), "event");
        ParameterExpression writer = Expression.Parameter(typeof(ByteWriter), "writer");
        ScalarCode code = new(@event);
        code.Share(columns.Select(k => k.Scalar));
        Expression[] steps = [.. code.Assignments, .. columns.Select(k => Write(writer, code.Write(k.Scalar), k)), Expression.Empty()];
        return Expression.Lambda<Action<T, ByteWriter>>(Expression.Block(code.Variables, steps), @event, writer).Compile();
    }

    /// <summary>From an event to the bytes of all its keys, one for each window that it lies in; null if no event has several.</summary>
    /// <typeparam name="T">The event; or the key of another view, for columns that are computed from it.</typeparam>
    public static Action<T, EventKeys>? WriteEventKeys<T>(IReadOnlyList<KeyColumn> columns)
    {
        if (columns.FirstOrDefault(k => k.Window is HoppingWindows) is not { Scalar: CallScalar hopping } column)
        {
            return null;
        }

        ParameterExpression @event = Expression.Parameter(typeof(T), "event");
        ParameterExpression keys = Expression.Parameter(typeof(EventKeys), "keys");
        ParameterExpression writer = Expression.Variable(typeof(ByteWriter), "writer");
        ParameterExpression start = Expression.Variable(typeof(long), "start");
        ParameterExpression last = Expression.Variable(typeof(long), "last");
        LabelTarget done = Expression.Label();
        ScalarCode code = new(@event);
        code.Share(columns.Where(k => k != column).Select(k => k.Scalar).Append(hopping.Arguments[0]));
        Expression written = code.Write(hopping.Arguments[0]);
        ParameterExpression time = Expression.Variable(written.Type, "time");
        Expression Windows(string method, Expression argument) => Expression.Call(Expression.Constant(column.Window), method, null, argument);
        BlockExpression OneKey(Expression window) => Expression.Block(
            [.. columns.Select(k => Write(writer, k == column ? window : code.Write(k.Scalar), k)), Expression.Call(keys, nameof(EventKeys.End), null)]);
        Expression all = Expression.Block(
            Expression.Assign(start, Windows(nameof(WindowAssigner.FirstStart), Presence.Value(time))),
            Expression.Assign(last, Windows(nameof(WindowAssigner.Start), Presence.Value(time))),
            Expression.Loop(
                Expression.Block(
                    OneKey(start),
                    Expression.IfThen(Expression.GreaterThanOrEqual(start, last), Expression.Break(done)),
                    Expression.Assign(start, Windows(nameof(WindowAssigner.Next), start))),
                done));
        if (column.Scalar.Type.IsNullable)
        {
            all = Expression.IfThenElse(Presence.IsPresent(time), all, OneKey(Expression.Constant(null, typeof(long?))));
        }

        BlockExpression body = Expression.Block(
            [.. code.Variables, writer, start, last, time],
            [Expression.Assign(writer, Expression.Property(keys, nameof(EventKeys.Writer))), .. code.Assignments, Expression.Assign(time, written), all, Expression.Empty()]);
        return Expression.Lambda<Action<T, EventKeys>>(body, @event, keys).Compile();
    }

    /// <summary>From a key to bytes.</summary>
    /// <param name="members">The columns to write: those of the key of its states, or all.</param>
    public static Action<TKey, ByteWriter> WriteKey<TKey>(IEnumerable<KeyMember> members)
    {
        ParameterExpression key = Expression.Parameter(typeof(TKey), "key");
        ParameterExpression writer = Expression.Parameter(typeof(ByteWriter), "writer");
        Expression[] steps = [.. members.Select(m => WriteColumn(writer, key, m)), Expression.Empty()];
        return Expression.Lambda<Action<TKey, ByteWriter>>(Expression.Block(steps), key, writer).Compile();
    }

    /// <summary>From the bytes of the key of its states, and the start of a session if there are any, to a key.</summary>
    public static ReadKey<TKey> ReadKey<TKey>(KeyShape shape)
    {
        ParameterExpression reader = Expression.Parameter(typeof(ByteReader).MakeByRefType(), "reader");
        ParameterExpression sessionStart = Expression.Parameter(typeof(long), "sessionStart");
        List<ParameterExpression> values = [];
        List<Expression> steps = [];
        foreach (KeyMember member in shape.Members)
        {
            ScalarType type = member.Column.Type;
            ParameterExpression value = Expression.Variable(type.Representation, member.Column.Name);
            values.Add(value);
            if (member.Column.SessionGap is not null)
            {
                steps.Add(Expression.Assign(value, Presence.As(sessionStart, value.Type)));
                continue;
            }

            Expression read = Expression.Call(typeof(KeyReader), ReaderOf(type.Kind), null, reader);
            steps.Add(Expression.Assign(value, type.IsNullable
                ? Expression.Condition(
                    Expression.Call(typeof(KeyReader), nameof(KeyReader.ReadPresence), null, reader), Presence.As(read, value.Type), Expression.Default(value.Type))
                : read));
        }

        steps.Add(shape.Create(values));
        return Expression.Lambda<ReadKey<TKey>>(Expression.Block(values, steps), reader, sessionStart).Compile();
    }

    /// <summary>From a key to the start of its window; null if it has no window column.</summary>
    public static Func<TKey, long?>? WindowStart<TKey>(KeyShape shape) =>
        shape.Members.FirstOrDefault(m => m.Column.Window is not null) is { } member ? Time<TKey>(member) : null;

    /// <summary>From a key to the time in one of its columns.</summary>
    public static Func<TKey, long?> Time<TKey>(KeyMember member)
    {
        ParameterExpression key = Expression.Parameter(typeof(TKey), "key");
        return Expression.Lambda<Func<TKey, long?>>(Presence.As(KeyShape.Read(key, member), typeof(long?)), key).Compile();
    }

    /// <summary>Writes one column of a key that a user gives.</summary>
    public static Expression WriteColumn(ParameterExpression writer, Expression key, KeyMember member)
    {
        Expression value = KeyShape.Read(key, member);
        if (!value.Type.IsValueType && !member.Column.Type.IsNullable)
        {
            value = Expression.Coalesce(value, Expression.Throw(
                Expression.Constant(new ArgumentException($"The key's column {member.Column.Name} cannot be null.")), value.Type));
        }

        return Write(writer, value, member.Column);
    }

    /// <summary>Writes one column, given in its representation.</summary>
    public static Expression Write(ParameterExpression writer, Expression value, KeyColumn column)
    {
        if (!column.Type.IsNullable)
        {
            return Expression.Call(typeof(KeyWriter), nameof(KeyWriter.Write), null, writer, value);
        }

        if (value.Type.IsValueType && Nullable.GetUnderlyingType(value.Type) is null)
        {
            return Expression.Block(
                Expression.Call(typeof(KeyWriter), nameof(KeyWriter.WritePresence), null, writer, Expression.Constant(true)),
                Expression.Call(typeof(KeyWriter), nameof(KeyWriter.Write), null, writer, value));
        }

        ParameterExpression variable = Expression.Variable(value.Type);
        ParameterExpression present = Expression.Variable(typeof(bool));
        return Expression.Block(
            [variable, present],
            Expression.Assign(variable, value),
            Expression.Assign(present, Presence.IsPresent(variable)),
            Expression.Call(typeof(KeyWriter), nameof(KeyWriter.WritePresence), null, writer, present),
            Expression.IfThen(present, Expression.Call(typeof(KeyWriter), nameof(KeyWriter.Write), null, writer, Presence.Value(variable))));
    }

    private static string ReaderOf(ValueKind kind) => kind switch
    {
        ValueKind.Date => nameof(KeyReader.ReadInt32),
        ValueKind.Timestamp or ValueKind.Duration => nameof(KeyReader.ReadInt64),
        _ => $"Read{kind}",
    };
}
