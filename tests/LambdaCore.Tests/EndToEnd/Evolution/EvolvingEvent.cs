using System.Globalization;
using System.Reflection;
using System.Reflection.Emit;

namespace LambdaCore.Tests.EndToEnd.Evolution;

/// <summary>What every generated event type has.</summary>
public abstract class EvolvingEvent
{
    public DateTimeOffset At { get; set; }

    public long Number { get; set; }
}

/// <summary>A property of a generated event type.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its CLR type; reference types may be null.</param>
internal sealed record EvolvingProperty(string Name, Type Type)
{
    /// <summary>The names of [FormerName].</summary>
    public IReadOnlyList<string> Former { get; init; } = [];

    /// <summary>The value of [ValueWhenMissing], as an attribute takes it; null for none.</summary>
    public object? Declared { get; init; }

    /// <summary>The same value, of the property's type.</summary>
    public object? Default { get; init; }

    public bool IsNullable => !Type.IsValueType || Nullable.GetUnderlyingType(Type) is not null;

    public Type Core => Nullable.GetUnderlyingType(Type) ?? Type;

    public override string ToString() =>
        $"{Core.Name}{(IsNullable ? "?" : "")} {Name}{string.Concat(Former.Select(f => $" formerly {f}"))}{(Declared is null ? "" : $" default {EvolvingValue.Show(Default)}")}";
}

/// <summary>Event types made while tests run, so that any can follow any.</summary>
internal static class EvolvingType
{
    private static readonly ModuleBuilder Module =
        AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("LambdaCore.Tests.EvolvingTypes"), AssemblyBuilderAccess.Run).DefineDynamicModule("types");

    private static readonly Lock OneAtATime = new();
    private static int _made;

    /// <summary>Makes a class with setters.</summary>
    public static Type Make(IReadOnlyList<EvolvingProperty> properties)
    {
        lock (OneAtATime)
        {
            TypeBuilder type = Module.DefineType($"Events{++_made}", TypeAttributes.Public | TypeAttributes.Class, typeof(EvolvingEvent));
            foreach (EvolvingProperty property in properties)
            {
                Define(type, property);
            }

            return type.CreateType();
        }
    }

    private static void Define(TypeBuilder type, EvolvingProperty property)
    {
        FieldBuilder field = type.DefineField($"_{property.Name}", property.Type, FieldAttributes.Private);
        PropertyBuilder made = type.DefineProperty(property.Name, PropertyAttributes.None, property.Type, null);
        const MethodAttributes accessor = MethodAttributes.Public | MethodAttributes.SpecialName | MethodAttributes.HideBySig;
        MethodBuilder get = type.DefineMethod($"get_{property.Name}", accessor, property.Type, Type.EmptyTypes);
        ILGenerator code = get.GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Ldfld, field);
        code.Emit(OpCodes.Ret);
        made.SetGetMethod(get);
        MethodBuilder set = type.DefineMethod($"set_{property.Name}", accessor, null, [property.Type]);
        code = set.GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Ldarg_1);
        code.Emit(OpCodes.Stfld, field);
        code.Emit(OpCodes.Ret);
        made.SetSetMethod(set);
        foreach (string name in property.Former)
        {
            made.SetCustomAttribute(new CustomAttributeBuilder(typeof(FormerNameAttribute).GetConstructors()[0], [name]));
        }

        if (property.Declared is { } value)
        {
            made.SetCustomAttribute(new CustomAttributeBuilder(typeof(ValueWhenMissingAttribute).GetConstructors()[0], [value]));
        }
    }
}

/// <summary>Values of properties of generated event types.</summary>
internal static class EvolvingValue
{
    public static readonly Type[] Types =
    [
        typeof(bool), typeof(sbyte), typeof(byte), typeof(short), typeof(ushort), typeof(int), typeof(uint), typeof(long), typeof(ulong), typeof(float), typeof(double),
        typeof(decimal), typeof(string), typeof(Guid), typeof(DateTimeOffset), typeof(DateOnly), typeof(TimeSpan), typeof(byte[]), typeof(DayOfWeek),
    ];

    /// <summary>What each type may become; written down by hand, from the documentation.</summary>
    public static readonly Dictionary<Type, Type[]> Wider = new()
    {
        [typeof(sbyte)] = [typeof(short), typeof(int), typeof(long), typeof(double), typeof(decimal)],
        [typeof(short)] = [typeof(int), typeof(long), typeof(double), typeof(decimal)],
        [typeof(int)] = [typeof(long), typeof(double), typeof(decimal)],
        [typeof(long)] = [typeof(decimal)],
        [typeof(byte)] = [typeof(short), typeof(int), typeof(long), typeof(ushort), typeof(uint), typeof(ulong), typeof(double), typeof(decimal)],
        [typeof(ushort)] = [typeof(int), typeof(long), typeof(uint), typeof(ulong), typeof(double), typeof(decimal)],
        [typeof(uint)] = [typeof(long), typeof(ulong), typeof(decimal)],
        [typeof(ulong)] = [typeof(decimal)],
        [typeof(float)] = [typeof(double)],
        [typeof(DayOfWeek)] = [typeof(int), typeof(long), typeof(double), typeof(decimal)],
    };

    /// <summary>A random value, often an extreme one.</summary>
    public static object Random(Random random, Type type)
    {
        bool extreme = random.Next(3) == 0;
        return type == typeof(bool) ? random.Next(2) == 0
            : type == typeof(sbyte) ? (extreme ? sbyte.MinValue : (sbyte)random.Next(-5, 5))
            : type == typeof(byte) ? (extreme ? byte.MaxValue : (byte)random.Next(5))
            : type == typeof(short) ? (extreme ? short.MinValue : (short)random.Next(-5, 5))
            : type == typeof(ushort) ? (extreme ? ushort.MaxValue : (ushort)random.Next(5))
            : type == typeof(int) ? (extreme ? int.MinValue : random.Next(-5, 5))
            : type == typeof(uint) ? (extreme ? uint.MaxValue : (uint)random.Next(5))
            : type == typeof(long) ? (extreme ? long.MinValue : random.Next(-5, 5))
            : type == typeof(ulong) ? (extreme ? ulong.MaxValue : (ulong)random.Next(5))
            : type == typeof(float) ? (extreme ? 0.1f : random.Next(-5, 5) / 8f)
            : type == typeof(double) ? (extreme ? 1e300 : random.Next(-5, 5) / 3.0)
            : type == typeof(decimal) ? (extreme ? -79228162514264337593543950335m : random.Next(-5, 5) / 8m)
            : type == typeof(string) ? (extreme ? "ü'\"ß" : $"text {random.Next(4)}")
            : type == typeof(Guid) ? new Guid(random.Next(3), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
            : type == typeof(DateTimeOffset) ? new DateTimeOffset(2026, 1, 1 + random.Next(5), 0, 0, 0, TimeSpan.Zero).AddMicroseconds(1)
            : type == typeof(DateOnly) ? new DateOnly(1969, 12, 29).AddDays(random.Next(5))
            : type == typeof(TimeSpan) ? TimeSpan.FromTicks(random.Next(-3, 3))
            : type == typeof(byte[]) ? (extreme ? [] : new byte[] { 0, (byte)random.Next(3), 255 })
            : (object)(DayOfWeek)random.Next(3);
    }

    /// <summary>The same value of a wider type.</summary>
    public static object? Widen(object? value, Type type) =>
        value is null ? null
        : type.IsEnum ? Enum.ToObject(type, value)
        : value.GetType() == type ? value
        : Convert.ChangeType(value, type, CultureInfo.InvariantCulture);

    /// <summary>How an attribute says a value.</summary>
    public static object Declare(object value) => value switch
    {
        decimal it => it.ToString(CultureInfo.InvariantCulture),
        Guid it => it.ToString(),
        DateTimeOffset it => it.ToString("O", CultureInfo.InvariantCulture),
        DateOnly it => it.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        TimeSpan it => it.ToString("c", CultureInfo.InvariantCulture),
        byte[] it => Convert.ToHexString(it),
        _ => value,
    };

    /// <summary>The value as text, one for each value, whatever its type.</summary>
    public static string Show(object? value) => value switch
    {
        null => "null",
        byte[] it => $"0x{Convert.ToHexString(it)}",
        Enum it => Convert.ToInt64(it, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture),
        decimal it => (it / 1.000000000000000000000000000m).ToString(CultureInfo.InvariantCulture),
        DateTimeOffset it => it.ToString("O", CultureInfo.InvariantCulture),
        IFormattable it => it.ToString(it is float or double ? "R" : null, CultureInfo.InvariantCulture),
        _ => $"{value}",
    };
}
