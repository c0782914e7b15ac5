using System.Linq.Expressions;

namespace LambdaCore.Views;

/// <summary>Translates calls of <see cref="Window"/>.</summary>
internal static class WindowTranslator
{
    /// <summary>The start of the window of a time.</summary>
    public static Scalar Call(ScalarTranslator translator, MethodCallExpression call)
    {
        Scalar time = translator.Value(call.Arguments[0]);
        return WindowOperator.Apply(Windows(translator, call), time);
    }

    private static TumblingWindows Windows(ScalarTranslator translator, MethodCallExpression call)
    {
        foreach (Expression argument in call.Arguments.Skip(1))
        {
            if (!translator.IsClosed(argument))
            {
                throw translator.Refuse(call, "the size of a window cannot depend on the event.", "Write a TimeSpan that is known when the view is defined.");
            }
        }

        try
        {
            return call.Method.Name switch
            {
                nameof(Window.Minute) => new TumblingWindows(TimeSpan.FromMinutes(1)),
                nameof(Window.Hour) => new TumblingWindows(TimeSpan.FromHours(1)),
                nameof(Window.Day) => new TumblingWindows(TimeSpan.FromDays(1)),
                _ => new TumblingWindows((TimeSpan)translator.Evaluate(call.Arguments[1])!),
            };
        }
        catch (ArgumentException error)
        {
            throw translator.Refuse(call, error.Message, "");
        }
    }
}
