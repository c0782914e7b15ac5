using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using LambdaCore.Aggregates;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>A view's definition as data: what its SQL and its fold are both compiled from. Immutable.</summary>
internal sealed class ViewPlan
{
    /// <summary>Creates a plan.</summary>
    public ViewPlan(string name, EventSchema events, Scalar? filter, IReadOnlyList<KeyColumn> keys, IReadOnlyList<PlannedAggregate> aggregates)
    {
        Name = name;
        Events = events;
        Filter = filter;
        Keys = keys;
        Aggregates = aggregates;
        CheckHopping();
        StateKeys = [.. keys.Where(k => k.SessionGap is null)];
        SessionEnd = keys.FirstOrDefault(k => k.SessionGap is not null) is { } session
            ? new KeyColumn(UnusedName($"{session.Name}_last"), session.Scalar, session.Type.AsRequired(), null)
            : null;
        Fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(MeaningText())));
    }

    /// <summary>The view's name.</summary>
    public string Name { get; }

    /// <summary>The events that it reads.</summary>
    public EventSchema Events { get; }

    /// <summary>The condition on events; null if all count.</summary>
    public Scalar? Filter { get; }

    /// <summary>The columns of the key, in order.</summary>
    public IReadOnlyList<KeyColumn> Keys { get; }

    /// <summary>The aggregates, each once, in the order of the states in a row.</summary>
    public IReadOnlyList<PlannedAggregate> Aggregates { get; }

    /// <summary>The columns of the key by which states are kept, in order: all but the start of a session.</summary>
    public IReadOnlyList<KeyColumn> StateKeys { get; }

    /// <summary>The start of a session, if the key has it. Its scalar is the time of an event.</summary>
    public KeyColumn? SessionKey => Keys.FirstOrDefault(k => k.SessionGap is not null);

    /// <summary>The column of a batch view that has the time of a session's last event; null if the key has no session.</summary>
    public KeyColumn? SessionEnd { get; }

    /// <summary>The columns of a batch view that say what its rows are of: the key, and the last time of a session.</summary>
    public IEnumerable<KeyColumn> RowKeys => SessionEnd is null ? Keys : Keys.Append(SessionEnd);

    /// <summary>The window column, if the key has one.</summary>
    public KeyColumn? WindowKey => Keys.FirstOrDefault(k => k.Window is not null);

    /// <summary>The key column for which an event counts several times, if there is one.</summary>
    public KeyColumn? HoppingKey => Keys.FirstOrDefault(k => k.Window is HoppingWindows);

    /// <summary>The view that this one rolls up; null if there is none. It has no part in the view's meaning.</summary>
    public RollUpPlan? RollUp { get; init; }

    /// <summary>SHA-256, in hexadecimal, of what the view means: equal for equal meanings and names of columns.</summary>
    public string Fingerprint { get; }

    /// <summary>All columns of the states, in the order of the bytes of a row.</summary>
    public IEnumerable<PlannedColumn> StateColumns => Aggregates.SelectMany(a => a.Columns);

    /// <summary>The functions written in C# that the view's SQL calls.</summary>
    public IEnumerable<CallbackFunction> Callbacks => Scalars.SelectMany(s => s.Parts).OfType<CallScalar>().Select(c => c.Operator.Callback).OfType<CallbackFunction>();

    /// <summary>All expressions of the view.</summary>
    public IEnumerable<Scalar> Scalars =>
        [.. new[] { Filter }.Concat(Keys.Select(k => k.Scalar)).Concat(Aggregates.SelectMany(a => a.Inputs.Append(a.Filter))).OfType<Scalar>()];

    /// <summary>The names of the events' columns that the view reads.</summary>
    /// <param name="eventTimeColumn">The column of event time, which states may be ordered by.</param>
    public IEnumerable<string> ColumnsRead(string eventTimeColumn) =>
        Scalars.SelectMany(s => s.Parts).OfType<ColumnScalar>().Select(c => c.Property.Name).Append(eventTimeColumn).Append(EventSchema.PositionColumn).Distinct();

    private string UnusedName(string name)
    {
        HashSet<string> used = new(Keys.Select(k => k.Name).Concat(StateColumns.Select(c => c.Name)), StringComparer.OrdinalIgnoreCase);
        string unused = name;
        for (int n = 2; used.Contains(unused); n++)
        {
            unused = $"{name}_{n}";
        }

        return unused;
    }

    private void CheckHopping()
    {
        IEnumerable<Scalar> inside = Scalars.SelectMany(s => s.Parts).Except(Keys.Select(k => k.Scalar));
        if (inside.Any(s => s is CallScalar { Operator.Window: HoppingWindows }))
        {
            throw new ViewDefinitionException(
                $"View '{Name}': Window.Hopping gives several windows for one event, so it can only be a column of the key, and by itself. Use Window.Of inside conditions, aggregates and larger expressions.");
        }

        if (Keys.Count(k => k.Window is HoppingWindows) > 1)
        {
            throw new ViewDefinitionException($"View '{Name}': its key has several columns of hopping windows, so events would count for each pair of them. Keep one, and define a second view for the other.");
        }
    }

    private string MeaningText()
    {
        StringBuilder text = new("lambdacore view 1\n");
        _ = text.Append("filter ").Append(Filter?.Text ?? "none").Append('\n');
        foreach (KeyColumn key in Keys)
        {
            _ = text.Append("key ").Append(SqlLiteral.Name(key.Name)).Append(' ').Append(key.Type).Append(' ').Append(key.Scalar.Text)
                .Append(key.SessionGap is { } gap ? string.Create(CultureInfo.InvariantCulture, $" sessions {gap} us") : "").Append('\n');
        }

        foreach (PlannedAggregate aggregate in Aggregates)
        {
            _ = text.Append("aggregate ").Append(aggregate.Text);
            foreach (PlannedColumn column in aggregate.Columns)
            {
                _ = text.Append(' ').Append(SqlLiteral.Name(column.Name)).Append(':').Append(column.Column.Type);
            }

            _ = text.Append('\n');
        }

        return text.ToString();
    }
}

/// <summary>One column of a view's key.</summary>
/// <param name="Name">The column's name.</param>
/// <param name="Scalar">The expression that computes it from an event.</param>
/// <param name="Type">Its type: nullable if the key's member is.</param>
/// <param name="Window">The windows, if the column is the start of one.</param>
internal sealed record KeyColumn(string Name, Scalar Scalar, ScalarType Type, WindowAssigner? Window)
{
    /// <summary>The gap of the sessions whose start the column is, in microseconds; null if it is no such column. If it is, the scalar is the time of an event.</summary>
    public long? SessionGap { get; init; }
}

/// <summary>One aggregate of a view.</summary>
/// <param name="Function">The aggregate.</param>
/// <param name="Inputs">The values of an event that enter it; none for a count of events.</param>
/// <param name="Filter">The condition on events; null if all count.</param>
/// <param name="Columns">The columns of its state.</param>
internal sealed record PlannedAggregate(AggregateFunction Function, IReadOnlyList<Scalar> Inputs, Scalar? Filter, IReadOnlyList<PlannedColumn> Columns)
{
    /// <summary>A text that determines the meaning: aggregates with the same text are the same.</summary>
    public string Text => TextOf(Function, Inputs, Filter);

    /// <summary>A text that determines the meaning of an aggregate.</summary>
    public static string TextOf(AggregateFunction function, IReadOnlyList<Scalar> inputs, Scalar? filter) =>
        $"{function.Name}{(function.Parameters.Length == 0 ? "" : $"/{function.Parameters}")}({string.Join(", ", inputs)}) where {filter?.Text ?? "all"}";
}

/// <summary>One column of a state in a batch view.</summary>
/// <param name="Name">The column's name, unique in the view.</param>
/// <param name="Column">What it holds and how it is computed.</param>
internal sealed record PlannedColumn(string Name, StateColumn Column);
