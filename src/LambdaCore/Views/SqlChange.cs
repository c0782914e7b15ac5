using System.Text.Json;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>
/// Reads a change of events off a condition and assignments in SQL. Their text is only ever parsed, by DuckDB, never run: what is run is SQL that is written from the
/// scalars that the parsed tree becomes here, and whatever this class does not name has no way into one.
/// </summary>
internal static class SqlChange
{
    /// <summary>A level of an expression takes two or three in the tree. So trees can be walked by recursion, and no text can exhaust the stack.</summary>
    private const int DeepestTree = 500;

    /// <summary>A query whose parsed form says what a text holds, as <see cref="Of"/> wants it.</summary>
    public static string Query(string text) => $"SELECT {text}";

    /// <summary>Reads a change.</summary>
    /// <param name="events">The events' columns.</param>
    /// <param name="where">The condition's text, and its parsed form as <c>json_serialize_sql</c> gives it.</param>
    /// <param name="set">The text of the assignments, and its parsed form; null if the events are to go.</param>
    /// <exception cref="ArgumentException">A text is no SQL, or holds something else than operators on the event's columns; the message names it.</exception>
    public static EventChange Of(EventSchema events, (string Text, string Parsed) where, (string Text, string Parsed)? set)
    {
        SqlExpressions conditions = new(events, where.Text);
        using JsonDocument parsedWhere = Parse(conditions, where.Parsed);
        JsonElement[] parts = Expressions(conditions, parsedWhere);
        Scalar condition = parts is [var only] ? conditions.Condition(only).True : throw conditions.Refuse($"it is {parts.Length} expressions", "Write one condition.");
        if (set is not { } assignments)
        {
            return EventChange.Of(condition, []);
        }

        SqlExpressions values = new(events, assignments.Text);
        using JsonDocument parsedSet = Parse(values, assignments.Parsed);
        return EventChange.Of(condition, [.. Expressions(values, parsedSet).Select(values.Setter)]);
    }

    private static JsonDocument Parse(SqlExpressions text, string parsed)
    {
        try
        {
            return JsonDocument.Parse(parsed, new JsonDocumentOptions { MaxDepth = DeepestTree });
        }
        catch (JsonException)
        {
            throw text.Refuse("it is nested too deeply", "Simplify it.");
        }
    }

    /// <summary>The expressions of a query that is nothing but expressions.</summary>
    private static JsonElement[] Expressions(SqlExpressions text, JsonDocument parsed)
    {
        JsonElement root = parsed.RootElement;
        if (root.GetProperty("error").GetBoolean())
        {
            throw text.Refuse($"it is no SQL ({root.GetProperty("error_message").GetString()})", "Correct it.");
        }

        JsonElement statements = root.GetProperty("statements");
        JsonElement statement = statements[0];
        JsonElement node = statement.GetProperty("node");
        if (statements.GetArrayLength() != 1 || node.GetProperty("type").GetString() != "SELECT_NODE" || !IsPlain(statement, node))
        {
            throw text.Refuse("it holds more than expressions over the properties of one event", "Leave out FROM, WHERE, ORDER BY, WITH, DISTINCT, ';' and their like.");
        }

        return [.. node.GetProperty("select_list").EnumerateArray()];
    }

    /// <summary>Whether a query has nothing but its list of expressions: everything else that the parser could have found is empty, whatever its name.</summary>
    private static bool IsPlain(JsonElement statement, JsonElement node) =>
        statement.EnumerateObject().All(p => p.Name == "node" || IsEmpty(p.Value))
        && node.EnumerateObject().All(p => p.Name switch
        {
            "type" or "select_list" => true,
            "cte_map" => p.Value.EnumerateObject().All(m => IsEmpty(m.Value)),
            "from_table" => p.Value.GetProperty("type").GetString() == "EMPTY" && IsEmpty(p.Value.GetProperty("sample")),
            "aggregate_handling" => p.Value.GetString() == "STANDARD_HANDLING",
            _ => IsEmpty(p.Value),
        });

    private static bool IsEmpty(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => true,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        _ => false,
    };
}
