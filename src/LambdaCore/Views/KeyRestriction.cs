using System.Globalization;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>
/// What a question wants of the keys, as conditions in SQL, so that less of the log is read: an event that fulfils none of them counts for no key that was asked
/// for. The converse need not hold, so whoever gets rows still checks their keys. Immutable.
/// </summary>
/// <param name="Pins">The encoded value of each pinned column of the key of states, null for the others.</param>
/// <param name="Starts">The half-open range of the starts of the windows that were asked for, in microseconds since the Unix epoch; null for all.</param>
internal sealed record KeyRestriction(IReadOnlyList<byte[]?> Pins, (long Start, long End)? Starts)
{
    /// <summary>Everything was asked for.</summary>
    public static KeyRestriction None { get; } = new([], null);

    /// <summary>The restriction to one key.</summary>
    /// <param name="plan">The view.</param>
    /// <param name="key">The encoded key of states.</param>
    public static unsafe KeyRestriction To(ViewPlan plan, ReadOnlySpan<byte> key)
    {
        byte[]?[] pins = new byte[plan.StateKeys.Count][];
        fixed (byte* bytes = key)
        {
            ByteReader reader = new(bytes, key.Length);
            for (int i = 0; i < pins.Length; i++)
            {
                int start = key.Length - (int)reader.Remaining;
                _ = ReadValue(plan.StateKeys[i].Type, ref reader);
                pins[i] = key[start..^(int)reader.Remaining].ToArray();
            }
        }

        return new KeyRestriction(pins, null);
    }

    /// <summary>The conditions on the stored columns of an event.</summary>
    public IEnumerable<string> OnEvents(ViewPlan plan)
    {
        for (int i = 0; i < Pins.Count; i++)
        {
            KeyColumn column = plan.StateKeys[i];
            if (Pins[i] is { } pin && column.Window is null && IsSafe(column.Scalar))
            {
                yield return IsEqual(column.Scalar, Decode(column.Type, pin));
            }
        }

        if (plan.WindowKey is { Scalar: CallScalar { Arguments: [{ } time] }, Window: { } windows } && StartsOf(plan) is { } starts && IsSafe(time))
        {
            // All of these windows end by the time at which the last of them does.
            yield return starts.Start < starts.End ? IsWithin(time, starts.Start, windows.End(windows.Start(starts.End - 1))) : "FALSE";
        }
    }

    /// <summary>The condition on the start of a window, where an event lies in several; null if there is none.</summary>
    /// <param name="plan">The view.</param>
    /// <param name="start">The column that has the start, in microseconds.</param>
    public string? OnStarts(ViewPlan plan, string start) => StartsOf(plan) is not { } starts ? null : string.Create(
        CultureInfo.InvariantCulture, $"{start} >= {starts.Start} AND {start} < {starts.End}");

    /// <summary>The starts of windows that were asked for, be it as a range or as the value of a column.</summary>
    private (long Start, long End)? StartsOf(ViewPlan plan)
    {
        for (int i = 0; i < Pins.Count; i++)
        {
            if (Pins[i] is { } pin && plan.StateKeys[i] is { Window: not null } column && Decode(column.Type, pin) is long start)
            {
                return (start, start + 1);
            }
        }

        return Starts;
    }

    private static string IsEqual(Scalar scalar, object? value) =>
        value is null ? $"{ScalarSql.Value(scalar)} IS NULL"
        : scalar is ColumnScalar { Type.Kind: ValueKind.Timestamp } time && value is long at ? IsWithin(time, at, at + 1)
        : $"{ScalarSql.Value(scalar)} = {SqlLiteral.Of(scalar.Type.Kind, value)}";

    /// <summary>The condition that a time lies in a half-open range, in microseconds since the Unix epoch.</summary>
    /// <remarks>A column is compared as the file has it: DuckDB then passes over what lies elsewhere by the statistics of the file.</remarks>
    public static string IsWithin(Scalar time, long start, long end) => time is ColumnScalar column
        ? string.Create(CultureInfo.InvariantCulture, $"{SqlLiteral.Name(column.Property.Name)} >= make_timestamptz({start}) AND {SqlLiteral.Name(column.Property.Name)} < make_timestamptz({end})")
        : string.Create(CultureInfo.InvariantCulture, $"{ScalarSql.Value(time)} >= {start} AND {ScalarSql.Value(time)} < {end}");

    /// <summary>Whether an expression may stand in a comparison: what DuckDB has to try may fail there, though it does not where it is a column.</summary>
    private static bool IsSafe(Scalar scalar) => !scalar.Parts.OfType<CallScalar>().Any(c => c.MayFail);

    private static unsafe object? Decode(ScalarType type, byte[] pin)
    {
        fixed (byte* bytes = pin)
        {
            ByteReader reader = new(bytes, pin.Length);
            return ReadValue(type, ref reader);
        }
    }

    private static object? ReadValue(ScalarType type, ref ByteReader reader) => type.IsNullable && !KeyReader.ReadPresence(ref reader) ? null : type.Kind switch
    {
        ValueKind.Boolean => KeyReader.ReadBoolean(ref reader),
        ValueKind.Int8 => KeyReader.ReadInt8(ref reader),
        ValueKind.UInt8 => KeyReader.ReadUInt8(ref reader),
        ValueKind.Int16 => KeyReader.ReadInt16(ref reader),
        ValueKind.UInt16 => KeyReader.ReadUInt16(ref reader),
        ValueKind.Int32 or ValueKind.Date => KeyReader.ReadInt32(ref reader),
        ValueKind.UInt32 => KeyReader.ReadUInt32(ref reader),
        ValueKind.Int64 or ValueKind.Timestamp or ValueKind.Duration => KeyReader.ReadInt64(ref reader),
        ValueKind.UInt64 => KeyReader.ReadUInt64(ref reader),
        ValueKind.Decimal => KeyReader.ReadDecimal(ref reader),
        ValueKind.Float32 => KeyReader.ReadFloat32(ref reader),
        ValueKind.Float64 => KeyReader.ReadFloat64(ref reader),
        ValueKind.String => KeyReader.ReadString(ref reader),
        ValueKind.Binary => KeyReader.ReadBinary(ref reader),
        ValueKind.Guid => KeyReader.ReadGuid(ref reader),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Keys have no such kind."),
    };
}
