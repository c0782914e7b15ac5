using LambdaCore.Tests.Values;
using LambdaCore.Values;

namespace LambdaCore.Tests.EndToEnd.Model;

/// <summary>
/// Makes random events. How nasty their values are, and from how many each property chooses, is drawn once per source, so
/// that some sequences have many events per key and others many keys.
/// </summary>
internal sealed class AnyEventSource
{
    private static readonly string[] Categories = ["view", "purchase", "", "heartbeat", "\uFFFF", "\U00010000", "a\0b"];

    /// <summary>New Year, and the days before clocks are changed: in Berlin, in Havana, on Lord Howe, in Beirut, and in Apia, which skipped a day.</summary>
    private static readonly DateTimeOffset[] Begins =
    [
        .. new[] { "2026-01-01T00:00Z", "2026-03-28T12:00Z", "2025-10-25T20:00Z", "2025-11-01T22:00Z", "2026-04-04T09:00Z", "2026-03-28T16:00Z", "2011-12-30T02:00Z" }
            .Select(t => DateTimeOffset.Parse(t, System.Globalization.CultureInfo.InvariantCulture)),
    ];

    private readonly Random _random;
    private readonly DateTimeOffset _begin;
    private readonly int _nastyPercent;
    private readonly int _missingPercent;
    private readonly int _choices;
    private readonly Dictionary<ValueKind, List<object>> _seen = [];
    private long _next;
    private TimeSpan _elapsed;

    /// <summary>Draws what kind of source it is.</summary>
    /// <param name="random">Decides everything.</param>
    /// <param name="nastyPercent">How many of the values are nasty; by default that is drawn too.</param>
    public AnyEventSource(Random random, int? nastyPercent = null)
    {
        _random = random;
        _nastyPercent = nastyPercent ?? random.Next(4) * 25;
        _missingPercent = random.Next(5) * 25;
        _choices = 1 << random.Next(1, 9);
        _begin = Begins[Math.Max(0, random.Next(-Begins.Length, Begins.Length))];
    }

    /// <summary>The time up to which events have come, more or less.</summary>
    public DateTimeOffset Now => _begin + _elapsed;

    /// <summary>The next event.</summary>
    public AnyEvent Next() => new(_next++, EventTime(), Categories[_random.Next(Math.Min(_choices, Categories.Length))], _random.Next(Math.Min(_choices, 10)))
    {
        Flag = Value<bool>(ValueKind.Boolean),
        Int8 = Value<sbyte>(ValueKind.Int8),
        UInt8 = Value<byte>(ValueKind.UInt8),
        Int16 = Value<short>(ValueKind.Int16),
        UInt16 = Value<ushort>(ValueKind.UInt16),
        Int32 = Value<int>(ValueKind.Int32),
        UInt32 = Value<uint>(ValueKind.UInt32),
        Int64 = Value<long>(ValueKind.Int64),
        UInt64 = Value<ulong>(ValueKind.UInt64),
        Float32 = Value<float>(ValueKind.Float32),
        Float64 = Value<double>(ValueKind.Float64),
        Amount = Amount(),
        Money = Value<decimal>(ValueKind.Decimal),
        Text = Value<string>(ValueKind.String),
        Id = Value<Guid>(ValueKind.Guid),
        Moment = Moment(),
        Utc = UnixTime.ToDateTime(Value<long>(ValueKind.Timestamp)),
        Day = UnixTime.ToDateOnly(Value<int>(ValueKind.Date)),
        Span = TimeSpan.FromTicks(Value<long>(ValueKind.Duration)),
        Stage = StageValue(),
        Tiny = (Tiny)Value<byte>(ValueKind.UInt8),
        Huge = (Huge)Value<ulong>(ValueKind.UInt64),
        Payload = Payload(),
        FlagMaybe = Maybe(() => Value<bool>(ValueKind.Boolean)),
        Int8Maybe = Maybe(() => Value<sbyte>(ValueKind.Int8)),
        UInt8Maybe = Maybe(() => Value<byte>(ValueKind.UInt8)),
        Int16Maybe = Maybe(() => Value<short>(ValueKind.Int16)),
        UInt16Maybe = Maybe(() => Value<ushort>(ValueKind.UInt16)),
        Int32Maybe = Maybe(() => Value<int>(ValueKind.Int32)),
        UInt32Maybe = Maybe(() => Value<uint>(ValueKind.UInt32)),
        Int64Maybe = Maybe(() => Value<long>(ValueKind.Int64)),
        UInt64Maybe = Maybe(() => Value<ulong>(ValueKind.UInt64)),
        Float32Maybe = Maybe(() => Value<float>(ValueKind.Float32)),
        Float64Maybe = Maybe(() => Value<double>(ValueKind.Float64)),
        AmountMaybe = Maybe(Amount),
        MoneyMaybe = Maybe(() => Value<decimal>(ValueKind.Decimal)),
        TextMaybe = IsMissing() ? null : Value<string>(ValueKind.String),
        IdMaybe = Maybe(() => Value<Guid>(ValueKind.Guid)),
        MomentMaybe = Maybe(Moment),
        UtcMaybe = Maybe(() => UnixTime.ToDateTime(Value<long>(ValueKind.Timestamp))),
        DayMaybe = Maybe(() => UnixTime.ToDateOnly(Value<int>(ValueKind.Date))),
        SpanMaybe = Maybe(() => TimeSpan.FromTicks(Value<long>(ValueKind.Duration))),
        StageMaybe = Maybe(StageValue),
        TinyMaybe = Maybe(() => (Tiny)Value<byte>(ValueKind.UInt8)),
        HugeMaybe = Maybe(() => (Huge)Value<ulong>(ValueKind.UInt64)),
        PayloadMaybe = IsMissing() ? null : Payload(),
    };

    /// <summary>The next events, as many as asked for.</summary>
    public AnyEvent[] Next(int count)
    {
        AnyEvent[] events = new AnyEvent[count];
        for (int i = 0; i < count; i++)
        {
            events[i] = Next();
        }

        return events;
    }

    /// <summary>A time that is a little earlier or later than the events', at the edge of an hour, or anything at all.</summary>
    public DateTimeOffset AnyTime() => _random.Next(4) switch
    {
        0 => Blur(UnixTime.ToDateTimeOffset((long)RandomValue.Of(ValueKind.Timestamp, _random))),
        1 => _begin + TimeSpan.FromHours(_random.Next(-2, (int)_elapsed.TotalHours + 3)),
        _ => Blur(_begin + (_elapsed * ((_random.NextDouble() * 1.2) - 0.1))),
    };

    private T Value<T>(ValueKind kind)
    {
        // Repeats make keys meet; fresh values make them many.
        if (!_seen.TryGetValue(kind, out List<object>? seen))
        {
            _seen[kind] = seen = [];
        }

        if (seen.Count > 0 && (seen.Count >= _choices || _random.Next(2) == 0))
        {
            return (T)seen[_random.Next(seen.Count)];
        }

        object value = _random.Next(100) < _nastyPercent ? RandomValue.Of(kind, _random) : Tame(kind);
        seen.Add(value);
        return (T)value;
    }

    private object Tame(ValueKind kind) => kind switch
    {
        ValueKind.Int8 => (sbyte)_random.Next(-20, 20),
        ValueKind.UInt8 => (byte)_random.Next(20),
        ValueKind.Int16 => (short)_random.Next(-200, 200),
        ValueKind.UInt16 => (ushort)_random.Next(200),
        ValueKind.Int32 => _random.Next(-1000, 1000),
        ValueKind.UInt32 => (uint)_random.Next(1000),
        ValueKind.Int64 => (long)_random.Next(-100_000, 100_000),
        ValueKind.UInt64 => (ulong)_random.Next(100_000),
        ValueKind.Float32 => _random.Next(-100, 100) / 4f,
        ValueKind.Float64 => _random.Next(-1000, 1000) / 8.0,
        ValueKind.Decimal => _random.Next(-100_000, 100_000) / 100m,
        ValueKind.String => $"text{_random.Next(100)}",
        ValueKind.Timestamp => UnixTime.FromDateTimeOffset(_begin) + _random.NextInt64(100_000_000_000),
        ValueKind.Date => 20_000 + _random.Next(100),
        ValueKind.Duration => _random.NextInt64(1_000_000_000),
        _ => RandomValue.Of(kind, _random),
    };

    private double Amount() => _random.Next(10) == 0 ? -_random.Next(100) / 3.0 : _random.NextDouble() * 100;

    private DateTimeOffset EventTime()
    {
        _elapsed += TimeSpan.FromTicks(_random.NextInt64(TimeSpan.FromMinutes(20).Ticks));
        return _random.Next(100) switch
        {
            0 => DateTimeOffset.MinValue,
            1 => DateTimeOffset.MaxValue,
            2 => DateTimeOffset.UnixEpoch.AddTicks(_random.Next(-20, 20)),
            < 10 => _begin + TimeSpan.FromHours(Math.Floor(_elapsed.TotalHours)) - TimeSpan.FromTicks(_random.Next(2)),
            < 30 => Blur(_begin + (_elapsed * _random.NextDouble())),
            _ => Blur(_begin + _elapsed),
        };
    }

    private DateTimeOffset Moment() => Blur(UnixTime.ToDateTimeOffset(Value<long>(ValueKind.Timestamp)));

    /// <summary>The same microsecond, with an offset and ticks that are not kept.</summary>
    private DateTimeOffset Blur(DateTimeOffset time)
    {
        long ticks = time.UtcTicks - (time.UtcTicks % 10) + _random.Next(10);
        DateTimeOffset utc = new(Math.Min(ticks, DateTimeOffset.MaxValue.UtcTicks), TimeSpan.Zero);
        TimeSpan offset = TimeSpan.FromMinutes(_random.Next(-14 * 60, (14 * 60) + 1));
        return utc > DateTimeOffset.MinValue.AddDays(1) && utc < DateTimeOffset.MaxValue.AddDays(-1) ? utc.ToOffset(offset) : utc;
    }

    private Stage StageValue() => _random.Next(100) < _nastyPercent ? (Stage)Value<int>(ValueKind.Int32) : (Stage)_random.Next(-1, 3);

    private byte[] Payload() => _random.Next(50) == 0 ? new byte[_random.Next(30_000)] : [.. Value<byte[]>(ValueKind.Binary)];

    private bool IsMissing() => _random.Next(100) < _missingPercent;

    private T? Maybe<T>(Func<T> value)
        where T : struct => IsMissing() ? null : value();
}
