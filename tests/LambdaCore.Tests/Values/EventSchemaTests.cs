using System.Linq.Expressions;
using LambdaCore.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.Values;

[TestFixture]
internal sealed class EventSchemaTests
{
    private static readonly (object Value, ValueKind Kind)[] Supported =
    [
        (true, ValueKind.Boolean), ((sbyte)-1, ValueKind.Int8), ((byte)255, ValueKind.UInt8), ((short)-2, ValueKind.Int16),
        ((ushort)65535, ValueKind.UInt16), (-3, ValueKind.Int32), (uint.MaxValue, ValueKind.UInt32), (long.MinValue, ValueKind.Int64),
        (ulong.MaxValue, ValueKind.UInt64), (1.5f, ValueKind.Float32), (double.NaN, ValueKind.Float64), (1.25m, ValueKind.Decimal),
        ("ä\0", ValueKind.String), (Guid.NewGuid(), ValueKind.Guid), (new DateTimeOffset(2024, 2, 29, 23, 59, 59, TimeSpan.Zero), ValueKind.Timestamp),
        (new DateTime(1, 1, 1, 0, 0, 1, DateTimeKind.Utc), ValueKind.Timestamp), (new DateOnly(1969, 12, 31), ValueKind.Date),
        (TimeSpan.FromTicks(-1), ValueKind.Duration), (DayOfWeek.Friday, ValueKind.Int32), (Tiny.B, ValueKind.UInt8), (new byte[] { 0, 1 }, ValueKind.Binary),
    ];

    private enum Tiny : byte
    {
        A,
        B = 200,
    }

    [TestCaseSource(nameof(Supported))]
    public void Every_supported_type_maps_to_its_kind_and_back((object Value, ValueKind Kind) it)
    {
        Type type = it.Value.GetType();

        Assert.That(ClrType.TryGetScalar(type, out ScalarType scalar));
        Assert.That(scalar, Is.EqualTo(new ScalarType(it.Kind, !type.IsValueType)));
        Assert.That(ThereAndBack(type, it.Value), Is.EqualTo(it.Value));
    }

    [TestCaseSource(nameof(Supported))]
    public void So_does_its_nullable_form((object Value, ValueKind Kind) it)
    {
        Type type = it.Value.GetType() is { IsValueType: true } value ? typeof(Nullable<>).MakeGenericType(value) : it.Value.GetType();

        Assert.That(ClrType.TryGetScalar(type, out ScalarType scalar));
        Assert.That(scalar, Is.EqualTo(new ScalarType(it.Kind, true)));
        Assert.That(ThereAndBack(type, it.Value), Is.EqualTo(it.Value));
        Assert.That(ThereAndBack(type, null), Is.Null);
    }

    [Test]
    public void Times_are_cut_to_microseconds_towards_the_past()
    {
        Assert.That(UnixTime.FromDateTimeOffset(DateTimeOffset.UnixEpoch.AddTicks(19)), Is.EqualTo(1));
        Assert.That(UnixTime.FromDateTimeOffset(DateTimeOffset.UnixEpoch.AddTicks(-1)), Is.EqualTo(-1));
        Assert.That(UnixTime.FromDateTimeOffset(DateTimeOffset.UnixEpoch.AddTicks(-11)), Is.EqualTo(-2));
        Assert.That(UnixTime.FromDateTimeOffset(new DateTimeOffset(1970, 1, 1, 2, 0, 0, TimeSpan.FromHours(2))), Is.Zero);
        Assert.That(UnixTime.ToDateTimeOffset(UnixTime.FromDateTimeOffset(DateTimeOffset.MaxValue)), Is.EqualTo(DateTimeOffset.MaxValue.AddTicks(-9)));
    }

    [Test]
    public void A_time_that_is_not_utc_is_refused([Values(DateTimeKind.Local, DateTimeKind.Unspecified)] DateTimeKind kind) =>
        Assert.That(() => UnixTime.FromDateTime(new DateTime(2024, 1, 1, 0, 0, 0, kind)), Throws.ArgumentException.With.Message.Contains($"{kind}").And.Message.Contains("SpecifyKind"));

    [Test]
    public void A_record_is_restored_by_its_constructor_in_order_of_declaration()
    {
        EventSchema schema = EventSchema.Of(typeof(Visit));
        Assert.That(Describe(schema), Is.EqualTo("At:Timestamp User:String Product:String? Value:Float64?"));
        Assert.That(schema.Constructor!.GetParameters(), Has.Length.EqualTo(4));
    }

    [Test]
    public void Structs_setters_and_inheritance_are_understood()
    {
        Assert.That(Describe(EventSchema.Of(typeof(Point))), Is.EqualTo("X:Int32 Y:Int32"));
        EventSchema plain = EventSchema.Of(typeof(Plain));
        Assert.That(Describe(plain), Is.EqualTo("Id:Int64 Name:String"), "computed and write-less properties are no columns");
        Assert.That(plain.Constructor!.GetParameters(), Is.Empty);
        Assert.That(Describe(EventSchema.Of(typeof(Derived))), Is.EqualTo("Id:Int64 Name:String More:Boolean"), "inherited ones first");
        Assert.That(EventSchema.Of(typeof(PlainStruct)).Constructor, Is.Null);
    }

    [Test]
    public void A_property_is_found_by_its_member_also_through_its_base()
    {
        EventSchema schema = EventSchema.Of(typeof(Derived));
        Assert.That(schema.Find(typeof(Plain).GetProperty("Name")!)!.Name, Is.EqualTo("Name"));
        Assert.That(schema.Find(typeof(Derived).GetProperty("More")!)!.Name, Is.EqualTo("More"));
        Assert.That(schema.Find(typeof(Plain).GetProperty("Length")!), Is.Null);
    }

    [TestCase(typeof(With<TimeOnly>), "With`1.It", "TimeSpan")]
    [TestCase(typeof(With<char>), "With`1.It", "Use string")]
    [TestCase(typeof(With<Uri>), "With`1.It", "ToString")]
    [TestCase(typeof(With<nint>), "With`1.It", "Use long")]
    [TestCase(typeof(With<Half>), "With`1.It", "Use float")]
    [TestCase(typeof(With<Int128>), "With`1.It", "decimal or string")]
    [TestCase(typeof(With<List<int>>), "With`1.It", "one event per element")]
    [TestCase(typeof(With<int[]>), "With`1.It", "one event per element")]
    [TestCase(typeof(With<Point>), "With`1.It", "one property per part")]
    [TestCase(typeof(With<object>), "With`1.It", "Supported are bool")]
    [TestCase(typeof(CaseTwins), "CaseTwins.Name", "differ only in case")]
    [TestCase(typeof(OwnColumn), "OwnColumn._position", "Rename")]
    [TestCase(typeof(Empty), "Empty", "at least a time")]
    [TestCase(typeof(IDisposable), "IDisposable", "concrete")]
    [TestCase(typeof(Stream), "Stream", "concrete")]
    [TestCase(typeof(int?), "Nullable", "concrete")]
    [TestCase(typeof(Unrestorable), "Unrestorable", "Use a record")]
    public void What_cannot_be_stored_is_refused_by_name_with_a_way_out(Type type, string name, string way) =>
        Assert.That(() => EventSchema.Of(type), Throws.ArgumentException.With.Message.Contains(name).And.Message.Contains(way));

    private static string Describe(EventSchema schema) => string.Join(' ', schema.Properties.Select(p => $"{p.Name}:{p.Type}"));

    private static object? ThereAndBack(Type type, object? value)
    {
        ParameterExpression input = Expression.Parameter(typeof(object));
        Expression stored = ClrType.ToRepresentation(Expression.Convert(input, type));
        Assert.That(ClrType.TryGetScalar(type, out ScalarType scalar));
        Assert.That(stored.Type, Is.EqualTo(scalar.Representation), "the representation of the type");
        Expression back = ClrType.FromRepresentation(stored, type);
        Assert.That(back.Type, Is.EqualTo(type));
        return Expression.Lambda<Func<object?, object?>>(Expression.Convert(back, typeof(object)), input).Compile()(value);
    }

    internal sealed record Visit(DateTimeOffset At, string User, string? Product, double? Value);

    internal readonly record struct Point(int X, int Y);

    internal class Plain
    {
        public long Id { get; set; }

        public string Name { get; set; } = "";

        public int Length => Name.Length;
    }

    internal sealed class Derived : Plain
    {
        public bool More { get; set; }
    }

    internal struct PlainStruct
    {
        public int Value { get; set; }
    }

    internal sealed record With<T>(T It);

    internal sealed record CaseTwins(int Name, int name);

    internal sealed record OwnColumn(int _position);

    internal sealed record Empty;

    internal sealed class Unrestorable(int hidden)
    {
        public int Seen { get; } = hidden;
    }
}
