using System.Collections.Immutable;
using System.Text.Json;

namespace LambdaCore.Tables;

/// <summary>One JSON object of a commit, read strictly: what is missing or has another type is a
/// <see cref="TableCorruptException"/> that names file, line and property. Properties nobody asks for are ignored, as
/// the protocol demands.</summary>
internal readonly struct DeltaJson
{
    private readonly JsonElement _element;
    private readonly string _file;
    private readonly int _line;
    private readonly string _where;

    private DeltaJson(JsonElement element, string file, int line, string where)
    {
        _element = element;
        _file = file;
        _line = line;
        _where = where;
    }

    /// <summary>Takes one line's object.</summary>
    /// <param name="element">What was parsed.</param>
    /// <param name="file">The file in the store, for messages.</param>
    /// <param name="line">The line in it, from 1.</param>
    public static DeltaJson Root(JsonElement element, string file, int line)
    {
        var root = new DeltaJson(element, file, line, "");
        return element.ValueKind == JsonValueKind.Object ? root : throw root.Wrong("it holds no JSON object");
    }

    /// <summary>Takes an object that was found inside a text of this one.</summary>
    public DeltaJson At(JsonElement element, string name)
    {
        var inner = new DeltaJson(element, _file, _line, PathOf(name));
        return element.ValueKind == JsonValueKind.Object ? inner : throw Wrong($"'{PathOf(name)}' holds no JSON object");
    }

    /// <summary>The names and values of the object's properties that are objects.</summary>
    public IEnumerable<(string Name, DeltaJson Value)> Objects()
    {
        foreach (JsonProperty property in _element.EnumerateObject())
        {
            if (property.Value.ValueKind == JsonValueKind.Object)
            {
                yield return (property.Name, new DeltaJson(property.Value, _file, _line, property.Name));
            }
        }
    }

    /// <summary>Whether there is a property of that name that is not null.</summary>
    public bool Has(string name) => _element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>An object.</summary>
    public DeltaJson Object(string name) => new(Require(name, JsonValueKind.Object), _file, _line, PathOf(name));

    /// <summary>The objects of an array.</summary>
    public IEnumerable<DeltaJson> Array(string name)
    {
        int index = 0;
        foreach (JsonElement item in Require(name, JsonValueKind.Array).EnumerateArray())
        {
            var element = new DeltaJson(item, _file, _line, $"{PathOf(name)}[{index++}]");
            yield return item.ValueKind == JsonValueKind.Object ? element : throw element.Wrong($"'{element._where}' is not an object");
        }
    }

    /// <summary>The texts of an array.</summary>
    public IReadOnlyList<string> Texts(string name)
    {
        List<string> texts = [];
        foreach (JsonElement item in Require(name, JsonValueKind.Array).EnumerateArray())
        {
            texts.Add(item.ValueKind == JsonValueKind.String ? item.GetString()! : throw Wrong($"'{PathOf(name)}' has an item that is not a text"));
        }

        return texts;
    }

    /// <summary>A text.</summary>
    public string Text(string name) => Require(name, JsonValueKind.String).GetString()!;

    /// <summary>A text, or null where there is none.</summary>
    public string? TextOrNull(string name) => Has(name) ? Text(name) : null;

    /// <summary>A truth value.</summary>
    public bool Boolean(string name)
    {
        if (_element.TryGetProperty(name, out JsonElement value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return value.GetBoolean();
        }

        throw Wrong($"'{PathOf(name)}' is missing or not true or false");
    }

    /// <summary>A whole number of 64 bits that is not negative.</summary>
    public long Count(string name) =>
        Require(name, JsonValueKind.Number).TryGetInt64(out long value) && value >= 0
            ? value
            : throw Wrong($"'{PathOf(name)}' is not a whole number from 0 to 2^63-1");

    /// <summary>Whether a number is the one that says that an application is forgotten.</summary>
    public bool IsForgotten(string name) => Require(name, JsonValueKind.Number).TryGetInt64(out long value) && value == DeltaCommit.Forgotten;

    /// <summary>A time given in milliseconds since the Unix epoch.</summary>
    public DateTimeOffset Time(string name)
    {
        long milliseconds = Require(name, JsonValueKind.Number).TryGetInt64(out long value) ? value : long.MaxValue;
        return milliseconds >= DateTimeOffset.MinValue.ToUnixTimeMilliseconds() && milliseconds <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : throw Wrong($"'{PathOf(name)}' is not a time in milliseconds");
    }

    /// <summary>A map from text to text.</summary>
    /// <param name="name">The property.</param>
    /// <param name="ignored">Names in it that are read in another way.</param>
    public ImmutableSortedDictionary<string, string> Map(string name, params ReadOnlySpan<string> ignored)
    {
        ImmutableSortedDictionary<string, string>.Builder map = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty property in Require(name, JsonValueKind.Object).EnumerateObject())
        {
            if (ignored.Contains(property.Name))
            {
                continue;
            }

            map[property.Name] = property.Value.ValueKind == JsonValueKind.String
                ? property.Value.GetString()!
                : throw Wrong($"'{PathOf(name)}.{property.Name}' is not a text");
        }

        return map.ToImmutable();
    }

    /// <summary>An error about this place.</summary>
    public TableCorruptException Wrong(string what, Exception? cause = null) => TableCorruptException.At(_file, _line, what, cause);

    private JsonElement Require(string name, JsonValueKind kind) =>
        _element.TryGetProperty(name, out JsonElement value) && value.ValueKind == kind
            ? value
            : throw Wrong($"'{PathOf(name)}' is missing or not a JSON {kind}");

    private string PathOf(string name) => $"{_where}.{name}";
}
