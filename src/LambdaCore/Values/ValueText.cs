using System.Globalization;

namespace LambdaCore.Values;

/// <summary>
/// A value that is not missing as text that says it exactly, one text per value: how declared values are kept. Times are microseconds since the Unix epoch, dates
/// days since then, lengths of time ticks, bytes hexadecimal digits.
/// </summary>
internal static class ValueText
{
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    /// <summary>The text of a value that stands in an attribute.</summary>
    /// <param name="value">The value, of the kind, of a type that converts to it exactly, or as text.</param>
    /// <param name="kind">The kind.</param>
    /// <exception cref="FormatException">It is no value of the kind.</exception>
    public static string Of(object value, ValueKind kind)
    {
        object given = value is Enum named ? Convert.ChangeType(named, Enum.GetUnderlyingType(named.GetType()), Invariant) : value;
        try
        {
            return (given, kind) switch
            {
                (string text, ValueKind.String) => text,
                (string text, _) => Parse(text.Trim(), kind),
                (bool it, ValueKind.Boolean) => it ? "true" : "false",
                (float it, ValueKind.Float32) => Text(ValueOrder.Canonical(it)),
                (float or double, ValueKind.Float64) => Text(ValueOrder.Canonical(Convert.ToDouble(given, Invariant))),
                (float or double, ValueKind.Decimal) => Parse(Convert.ToString(given, Invariant)!, kind),
                (sbyte or byte or short or ushort or int or uint or long or ulong, not (ValueKind.Timestamp or ValueKind.Date or ValueKind.Duration)) =>
                    Parse(Convert.ToString(given, Invariant)!, kind),
                _ => throw new FormatException($"a {given.GetType().Name} is no value of it"),
            };
        }
        catch (Exception error) when (error is OverflowException or ArgumentException)
        {
            throw new FormatException(error.Message, error);
        }
    }

    /// <summary>The text of the same value after its kind was widened.</summary>
    public static string Widened(string text, ValueKind from, ValueKind to) =>
        from == to ? text
        : from == ValueKind.Float32 ? Text((double)float.Parse(text, Invariant))
        : Parse(text, to);

    private static string Parse(string text, ValueKind kind) => kind switch
    {
        ValueKind.Boolean => bool.Parse(text) ? "true" : "false",
        ValueKind.Int8 => sbyte.Parse(text, NumberStyles.AllowLeadingSign, Invariant).ToString(Invariant),
        ValueKind.UInt8 => byte.Parse(text, NumberStyles.None, Invariant).ToString(Invariant),
        ValueKind.Int16 => short.Parse(text, NumberStyles.AllowLeadingSign, Invariant).ToString(Invariant),
        ValueKind.UInt16 => ushort.Parse(text, NumberStyles.None, Invariant).ToString(Invariant),
        ValueKind.Int32 => int.Parse(text, NumberStyles.AllowLeadingSign, Invariant).ToString(Invariant),
        ValueKind.UInt32 => uint.Parse(text, NumberStyles.None, Invariant).ToString(Invariant),
        ValueKind.Int64 => long.Parse(text, NumberStyles.AllowLeadingSign, Invariant).ToString(Invariant),
        ValueKind.UInt64 => ulong.Parse(text, NumberStyles.None, Invariant).ToString(Invariant),
        ValueKind.Float32 => Text(ValueOrder.Canonical(float.Parse(text, NumberStyles.Float, Invariant))),
        ValueKind.Float64 => Text(ValueOrder.Canonical(double.Parse(text, NumberStyles.Float, Invariant))),
        ValueKind.Decimal => DecimalUnits.ToDecimal(DecimalUnits.FromDecimal(decimal.Parse(text, NumberStyles.Float, Invariant))).ToString(Invariant),
        ValueKind.Guid => Guid.Parse(text).ToString("D"),
        ValueKind.Timestamp => UnixTime.FromDateTimeOffset(DateTimeOffset.Parse(text, Invariant, DateTimeStyles.AssumeUniversal)).ToString(Invariant),
        ValueKind.Date => UnixTime.FromDateOnly(DateOnly.Parse(text, Invariant)).ToString(Invariant),
        ValueKind.Duration => TimeSpan.Parse(text, Invariant).Ticks.ToString(Invariant),
        ValueKind.Binary => Convert.ToHexStringLower(Convert.FromHexString(text)),
        _ => throw new FormatException("no text is a value of it"),
    };

    private static string Text(float value) => value.ToString("R", Invariant);

    private static string Text(double value) => value.ToString("R", Invariant);
}
