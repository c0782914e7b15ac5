using System.Linq.Expressions;
using System.Reflection;

namespace LambdaCore.Views;

/// <summary>Translates calls of <see cref="Window"/>.</summary>
internal static class WindowTranslator
{
    /// <summary>The start of the window of a time.</summary>
    public static Scalar Call(ScalarTranslator translator, MethodCallExpression call)
    {
        if (IsSession(call))
        {
            throw translator.Refuse(call, "where a session begins depends on other events, so it has no value for one event.", "Make it a column of the key by itself: GroupBy(e => new Key(e.UserId, Window.Session(e.Timestamp, gap))).");
        }

        Scalar time = translator.Value(call.Arguments[0]);
        ParameterInfo[] parameters = call.Method.GetParameters();
        Dictionary<string, object?> given = [];
        for (int i = 1; i < parameters.Length; i++)
        {
            given[parameters[i].Name!] = translator.IsClosed(call.Arguments[i])
                ? translator.Evaluate(call.Arguments[i])
                : throw translator.Refuse(call, $"the {parameters[i].Name} of a window cannot depend on the event.", "Write a value that is known when the view is defined.");
        }

        try
        {
            return WindowOperator.Apply(Windows(call.Method.Name, given), time);
        }
        catch (ArgumentException error)
        {
            throw translator.Refuse(call, error.Message, "");
        }
    }

    private static WindowAssigner Windows(string name, Dictionary<string, object?> given)
    {
        string? zone = (string?)given.GetValueOrDefault("zone");
        return name switch
        {
            nameof(Window.Minute) => Window.Even(TimeSpan.FromMinutes(1), default, null),
            nameof(Window.Hour) => Window.Even(TimeSpan.FromHours(1), default, zone),
            nameof(Window.Day) => Window.Even(TimeSpan.FromDays(1), default, zone),
            nameof(Window.Week) => Window.Weeks(zone, (DayOfWeek)given["firstDay"]!),
            nameof(Window.Month) => Window.Months(zone),
            nameof(Window.Of) => Window.Even((TimeSpan)given["size"]!, (TimeSpan)(given.GetValueOrDefault("offset") ?? TimeSpan.Zero), zone),
            nameof(Window.Hopping) => new HoppingWindows((TimeSpan)given["size"]!, (TimeSpan)given["hop"]!, (TimeSpan)given["offset"]!),
            _ => throw new ArgumentException($"Window.{name} has no meaning here."),
        };
    }

    /// <summary>Whether an expression is the start of a session.</summary>
    public static bool IsSession(Expression expression) =>
        expression is MethodCallExpression { Method.Name: nameof(Window.Session) } call && call.Method.DeclaringType == typeof(Window);

    /// <summary>The time of an event and the gap, in microseconds, of a session column.</summary>
    public static (Scalar Time, long Gap) Session(ScalarTranslator translator, MethodCallExpression call)
    {
        Scalar time = translator.Value(call.Arguments[0]);
        if (time.Type.IsNullable)
        {
            throw translator.Refuse(call.Arguments[0], "an event whose time may be missing (null or an overflow) may have no session.", "Give a default with ??, for instance the time of the event.");
        }

        if (!translator.IsClosed(call.Arguments[1]))
        {
            throw translator.Refuse(call, "the gap of sessions cannot depend on the event.", "Write a TimeSpan that is known when the view is defined.");
        }

        TimeSpan gap = (TimeSpan)translator.Evaluate(call.Arguments[1])!;
        return gap > TimeSpan.Zero && gap.Ticks % TimeSpan.TicksPerMicrosecond == 0
            ? (time, gap.Ticks / TimeSpan.TicksPerMicrosecond)
            : throw translator.Refuse(call, $"sessions cannot have a gap of {gap}.", "Use a positive whole number of microseconds.");
    }
}
