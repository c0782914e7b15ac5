using System.Globalization;
using System.Reflection;

namespace LambdaCore.Tests.EndToEnd.Evolution;

/// <summary>A way in which the event type can have changed since a fixture was written.</summary>
/// <param name="Name">What has changed.</param>
/// <param name="Next">The properties afterwards, each with the one that it was; null if it is new.</param>
/// <param name="Made">The type; null to make one.</param>
internal sealed record FixtureReader(string Name, Func<IReadOnlyList<SchemaOracle.Column>, IEnumerable<(EvolvingProperty Property, SchemaOracle.Column? Was)>> Next, Type? Made = null)
{
    /// <summary>All changes that are read.</summary>
    public static readonly FixtureReader[] Supported =
    [
        new("unchanged", all => all.Select(c => (c.Property, (SchemaOracle.Column?)c))),
        new("reordered", all => all.Reverse().Select(c => (c.Property, (SchemaOracle.Column?)c))),
        new("added", all => [.. all.Select(c => (c.Property, (SchemaOracle.Column?)c)), .. Added()]),
        new("removed the ones", all => all.Where((_, i) => i % 2 == 0).Select(c => (c.Property, (SchemaOracle.Column?)c))),
        new("removed the others", all => all.Where((_, i) => i % 2 == 1).Select(c => (c.Property, (SchemaOracle.Column?)c))),
        new("renamed", all => all.Select(c => (Renamed(c.Property), (SchemaOracle.Column?)c))),
        .. Enumerable.Range(0, EvolvingValue.Wider.Values.Max(w => w.Length)).Select(k =>
            new FixtureReader($"widened {k}", all => all.Select(c => (Widened(c.Property, k), (SchemaOracle.Column?)c)))),
        new("loosened", all => all.Select(c => (Loosened(c.Property), (SchemaOracle.Column?)c))),
        new("tightened", all => all.Select(c => (Tightened(c.Property), (SchemaOracle.Column?)c))),
        .. Enumerable.Range(0, 6).Select(k => new FixtureReader($"combined {k}", all => Combined(all, k))),
        .. new[] { typeof(FixtureRecord), typeof(FixtureClass), typeof(FixtureStruct), typeof(ReaderRecord), typeof(ReaderClass), typeof(ReaderStruct) }.Select(t =>
            new FixtureReader(t.Name, all => Properties(t).Select(p => (p, all.SingleOrDefault(c => c.Property.Name == p.Name || p.Former.Contains(c.Property.Name)))), t)),
    ];

    /// <summary>The event type for the properties of an oracle.</summary>
    public Type Type(SchemaOracle oracle) => Made ?? EvolvingType.Make([.. oracle.Active.Select(c => c.Property)]);

    /// <summary>The properties of an event type, without those that each has.</summary>
    public static IEnumerable<EvolvingProperty> Properties(Type type)
    {
        ParameterInfo[] parameters = type.GetConstructors().SelectMany(c => c.GetParameters()).ToArray();
        foreach (PropertyInfo property in type.GetProperties().Where(p => p.CanWrite && p.Name is not (nameof(EvolvingEvent.At) or nameof(EvolvingEvent.Number))))
        {
            ICustomAttributeProvider said = parameters.FirstOrDefault(p => p.Name == property.Name) is { } parameter ? parameter : property;
            object? value = said.GetCustomAttributes(typeof(ValueWhenMissingAttribute), false).Cast<ValueWhenMissingAttribute>().SingleOrDefault()?.Value;
            yield return new EvolvingProperty(property.Name, property.PropertyType)
            {
                Former = [.. said.GetCustomAttributes(typeof(FormerNameAttribute), false).Cast<FormerNameAttribute>().Select(f => f.Name)],
                Declared = value,
                Default = value is null ? null : Convert.ChangeType(value, Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType, CultureInfo.InvariantCulture),
            };
        }
    }

    /// <summary>The same property with another type.</summary>
    public static EvolvingProperty As(EvolvingProperty property, Type core, bool nullable) =>
        property with { Type = nullable && core.IsValueType ? typeof(Nullable<>).MakeGenericType(core) : core };

    public override string ToString() => Name;

    private static EvolvingProperty Renamed(EvolvingProperty property) => property with { Name = $"New{property.Name}", Former = [property.Name] };

    private static EvolvingProperty Widened(EvolvingProperty property, int choice) =>
        EvolvingValue.Wider.TryGetValue(property.Core, out Type[]? wider) ? As(property, wider[choice % wider.Length], property.IsNullable) : property;

    private static EvolvingProperty Loosened(EvolvingProperty property) => As(property, property.Core, nullable: true);

    private static EvolvingProperty Tightened(EvolvingProperty property) =>
        property.IsNullable && property.Core.IsValueType ? Defaulting(As(property, property.Core, nullable: false)) : property;

    private static EvolvingProperty Defaulting(EvolvingProperty property)
    {
        object value = EvolvingValue.Random(new Random(property.Name.Length), property.Core);
        return property with { Default = value, Declared = EvolvingValue.Declare(value) };
    }

    private static IEnumerable<(EvolvingProperty Property, SchemaOracle.Column? Was)> Added() =>
        EvolvingValue.Types.SelectMany(t => new (EvolvingProperty, SchemaOracle.Column?)[]
        {
            (As(new EvolvingProperty($"Added{t.Name.Replace("[]", "s", StringComparison.Ordinal)}", t), t, nullable: true), null),
            (Defaulting(new EvolvingProperty($"AddedAs{t.Name.Replace("[]", "s", StringComparison.Ordinal)}", t)), null),
            (Defaulting(As(new EvolvingProperty($"AddedOr{t.Name.Replace("[]", "s", StringComparison.Ordinal)}", t), t, nullable: true)), null),
        });

    private static IEnumerable<(EvolvingProperty Property, SchemaOracle.Column? Was)> Combined(IReadOnlyList<SchemaOracle.Column> all, int choice)
    {
        for (int i = 0; i < all.Count; i++)
        {
            EvolvingProperty property = all[i].Property;
            switch ((i + choice) % 6)
            {
                case 0:
                    yield return (Renamed(Widened(property, choice)), all[i]);
                    break;
                case 1:
                    yield return (Loosened(Widened(property, choice + 1)), all[i]);
                    break;
                case 2:
                    yield return (Renamed(Loosened(property)), all[i]);
                    break;
                case 3:
                    yield return (Renamed(Tightened(Widened(property, choice + 2))), all[i]);
                    break;
                case 4:
                    yield return (Renamed(Loosened(Widened(property, choice + 3))), all[i]);
                    break;
            }
        }

        foreach ((EvolvingProperty, SchemaOracle.Column?) added in Added().Where((_, i) => i % 6 == choice))
        {
            yield return added;
        }
    }
}
