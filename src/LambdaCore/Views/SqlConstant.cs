using System.Globalization;
using System.Numerics;
using System.Text.Json;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>A constant of a text in SQL, which takes on the kind that is wanted of it where it stands, or is refused: it is never rounded or cut.</summary>
/// <param name="Text">The number in decimal digits, or the text; null for NULL.</param>
/// <param name="Own">The kind that it has where nothing is wanted of it.</param>
internal readonly record struct SqlConstant(string? Text, ValueKind Own)
{
    /// <summary>Reads the value of a node of DuckDB's parser; null if it is of a type that no event has.</summary>
    public static SqlConstant? Of(JsonElement value)
    {
        if (value.GetProperty("is_null").GetBoolean())
        {
            return new SqlConstant(null, ValueKind.String);
        }

        JsonElement content = value.GetProperty("value");
        JsonElement type = value.GetProperty("type");
        return type.GetProperty("id").GetString() switch
        {
            "BOOLEAN" => new SqlConstant(content.GetBoolean() ? "t" : "f", ValueKind.Boolean),
            "VARCHAR" => new SqlConstant(content.GetString(), ValueKind.String),
            "INTEGER" => new SqlConstant(Whole(content).ToString(CultureInfo.InvariantCulture), ValueKind.Int32),
            "BIGINT" => new SqlConstant(Whole(content).ToString(CultureInfo.InvariantCulture), ValueKind.Int64),
            "HUGEINT" => new SqlConstant(Whole(content).ToString(CultureInfo.InvariantCulture), ValueKind.UInt64),
            "DOUBLE" => new SqlConstant(content.GetDouble().ToString("R", CultureInfo.InvariantCulture), ValueKind.Float64),
            "DECIMAL" => new SqlConstant(Scaled(Whole(content), type.GetProperty("type_info").GetProperty("scale").GetInt32()), ValueKind.Decimal),
            _ => null,
        };
    }

    /// <summary>The constant as one of a kind; null if it has no such value exactly.</summary>
    public ConstantScalar? As(ValueKind kind)
    {
        if (Text is null)
        {
            return new ConstantScalar(kind, null);
        }

        bool isNumber = Own is not (ValueKind.String or ValueKind.Boolean);
        object? value = kind switch
        {
            ValueKind.Boolean => Text is "t" or "true" ? true : Text is "f" or "false" ? false : null,
            ValueKind.String => Own == ValueKind.String ? Text : null,
            ValueKind.Guid => Guid.TryParseExact(Text, "D", out Guid guid) ? guid : null,
            ValueKind.Timestamp => DateTimeOffset.TryParse(Text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? UnixTime.FromDateTimeOffset(time) : null,
            ValueKind.Date => DateOnly.TryParseExact(Text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly date) ? UnixTime.FromDateOnly(date) : null,
            ValueKind.Duration => !isNumber && TimeSpan.TryParse(Text, CultureInfo.InvariantCulture, out TimeSpan span) ? span.Ticks : null,
            ValueKind.Decimal => isNumber && decimal.TryParse(Text, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal number) && DecimalUnits.TryFromDecimal(number, out _) ? number : null,
            ValueKind.Float64 => isNumber ? double.Parse(Text, CultureInfo.InvariantCulture) : null,
            ValueKind.Float32 => isNumber ? float.Parse(Text, CultureInfo.InvariantCulture) : null,
            _ => isNumber ? WholeOf(kind) : null,
        };
        return value is null ? null : new ConstantScalar(kind, value);
    }

    private object? WholeOf(ValueKind kind)
    {
        const NumberStyles style = NumberStyles.AllowLeadingSign;
        CultureInfo culture = CultureInfo.InvariantCulture;
        return kind switch
        {
            ValueKind.Int8 => sbyte.TryParse(Text, style, culture, out sbyte v) ? v : null,
            ValueKind.UInt8 => byte.TryParse(Text, style, culture, out byte v) ? v : null,
            ValueKind.Int16 => short.TryParse(Text, style, culture, out short v) ? v : null,
            ValueKind.UInt16 => ushort.TryParse(Text, style, culture, out ushort v) ? v : null,
            ValueKind.Int32 => int.TryParse(Text, style, culture, out int v) ? v : null,
            ValueKind.UInt32 => uint.TryParse(Text, style, culture, out uint v) ? v : null,
            ValueKind.Int64 => long.TryParse(Text, style, culture, out long v) ? v : null,
            ValueKind.UInt64 => ulong.TryParse(Text, style, culture, out ulong v) ? v : null,
            _ => null,
        };
    }

    // DuckDB writes what does not fit into 64 bits as two halves.
    private static BigInteger Whole(JsonElement content) => content.ValueKind == JsonValueKind.Object
        ? (new BigInteger(content.GetProperty("upper").GetInt64()) << 64) + content.GetProperty("lower").GetUInt64()
        : BigInteger.Parse(content.GetRawText(), CultureInfo.InvariantCulture);

    private static string Scaled(BigInteger units, int scale) => $"{units.ToString(CultureInfo.InvariantCulture)}E-{scale.ToString(CultureInfo.InvariantCulture)}";
}
