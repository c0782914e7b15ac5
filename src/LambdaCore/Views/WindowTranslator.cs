using System.Linq.Expressions;
using System.Reflection;

namespace LambdaCore.Views;

/// <summary>Translates calls of <see cref="Window"/>.</summary>
internal static class WindowTranslator
{
    /// <summary>The start of the window of a time.</summary>
    public static Scalar Call(ScalarTranslator translator, MethodCallExpression call)
    {
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
            _ => throw new ArgumentException($"Window.{name} has no meaning here."),
        };
    }
}
