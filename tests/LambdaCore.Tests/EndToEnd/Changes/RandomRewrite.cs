using LambdaCore.Log;
using LambdaCore.Tests.EndToEnd.Model;
using LambdaCore.Values;

namespace LambdaCore.Tests.EndToEnd.Changes;

/// <summary>A random change of events that are in the log: as SQL for the store, and as what must become of the events.</summary>
internal sealed class RandomRewrite
{
    private static readonly (string Column, string Value, Func<AnyEvent, AnyEvent> Change)[] Changes =
    [
        ("At", "\"Moment\"", e => e with { At = e.Moment }),
        ("Category", "\"Text\"", e => e with { Category = e.Text }),
        ("Small", "(\"Small\" + 3) % 7", e => e with { Small = (e.Small + 3) % 7 }),
        ("Flag", "NOT \"Flag\"", e => e with { Flag = !e.Flag }),
        ("FlagMaybe", "NULL", e => e with { FlagMaybe = null }),
        ("Int8", "0", e => e with { Int8 = 0 }),
        ("Int8Maybe", "\"Int8\"", e => e with { Int8Maybe = e.Int8 }),
        ("Int32", "CAST(\"Int16\" AS INTEGER)", e => e with { Int32 = e.Int16 }),
        ("Int64", "\"Int64Maybe\"", e => e.Int64Maybe is { } value ? e with { Int64 = value } : e),
        ("UInt8Maybe", "NULL", e => e with { UInt8Maybe = null }),
        ("UInt16", "\"UInt8\"", e => e with { UInt16 = e.UInt8 }),
        ("Float32Maybe", "\"Float32\"", e => e with { Float32Maybe = e.Float32 }),
        ("Float64", "\"Amount\"", e => e with { Float64 = e.Amount }),
        ("Float64Maybe", "NULL", e => e with { Float64Maybe = null }),
        ("Amount", "\"Amount\" + 1", e => e with { Amount = e.Amount + 1 }),
        ("Money", "CAST(1.5 AS DECIMAL(38,9))", e => e with { Money = 1.5m }),
        ("MoneyMaybe", "\"Money\"", e => e with { MoneyMaybe = e.Money }),
        ("Text", "\"Category\"", e => e with { Text = e.Category }),
        ("TextMaybe", "\"Text\"", e => e with { TextMaybe = e.Text }),
        ("IdMaybe", "\"Id\"", e => e with { IdMaybe = e.Id }),
        ("Moment", "\"At\"", e => e with { Moment = e.At }),
        ("MomentMaybe", "NULL", e => e with { MomentMaybe = null }),
        ("StageMaybe", "\"Stage\"", e => e with { StageMaybe = e.Stage }),
        ("PayloadMaybe", "\"Payload\"", e => e with { PayloadMaybe = e.Payload }),
    ];

    private readonly HashSet<int> _positions;
    private readonly (string Column, string Value, Func<AnyEvent, AnyEvent> Change)[]? _changes;

    /// <summary>Draws a change of some of the events before a position.</summary>
    /// <param name="random">Decides.</param>
    /// <param name="end">The end of the events that may change: the end of a segment.</param>
    public RandomRewrite(Random random, int end)
    {
        int most = random.Next(3) == 0 ? end : Math.Min(end, 1 + random.Next(6));
        _positions = [.. Enumerable.Range(0, random.Next(10) == 0 ? 0 : 1 + random.Next(most)).Select(_ => random.Next(end))];
        _changes = random.Next(4) == 0 ? null : [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Changes[random.Next(Changes.Length)]).DistinctBy(c => c.Column)];
        string condition = _positions.Count == 0 ? "FALSE" : $"_position IN ({string.Join(", ", _positions.Order())})";
        Request = new RewriteRequest(new LogPosition(end), condition, _changes?.Select(Assignment).ToList());
    }

    /// <summary>What to ask of the log.</summary>
    public RewriteRequest Request { get; }

    /// <summary>What becomes of the events.</summary>
    public Dictionary<int, AnyEvent?> Applied(IReadOnlyList<AnyEvent?> events) => _positions
        .Where(p => events[p] is not null)
        .ToDictionary(p => p, p => _changes is null ? null : _changes.Aggregate(events[p]!, (changed, c) => Merged(events[p]!, changed, c.Column, c.Change)));

    public override string ToString() =>
        $"{(_changes is null ? "erase" : string.Join(", ", _changes.Select(c => $"{c.Column} = {c.Value}")))} where {Request.Condition}";

    private static ColumnAssignment Assignment((string Column, string Value, Func<AnyEvent, AnyEvent> Change) change)
    {
        ScalarType type = EventSchema.Of(typeof(AnyEvent)).Properties.Single(p => p.Name == change.Column).Type;
        string value = change.Column == "Int64" ? "coalesce(\"Int64Maybe\", \"Int64\")" : change.Value;
        return new ColumnAssignment(new EventColumn(change.Column, type), $"CAST({value} AS {StoredType.Sql(type.Kind)})");
    }

    /// <summary>All values are computed from the event as it was, as in SQL.</summary>
    private static AnyEvent Merged(AnyEvent old, AnyEvent changed, string column, Func<AnyEvent, AnyEvent> change)
    {
        AnyEvent alone = change(old);
        return column switch
        {
            "At" => changed with { At = alone.At },
            "Category" => changed with { Category = alone.Category },
            "Moment" => changed with { Moment = alone.Moment },
            "Text" => changed with { Text = alone.Text },
            "TextMaybe" => changed with { TextMaybe = alone.TextMaybe },
            "Float64" => changed with { Float64 = alone.Float64 },
            "MoneyMaybe" => changed with { MoneyMaybe = alone.MoneyMaybe },
            "Int8Maybe" => changed with { Int8Maybe = alone.Int8Maybe },
            _ => change(changed),
        };
    }
}
