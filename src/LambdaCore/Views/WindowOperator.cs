using System.Linq.Expressions;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>The operator that gives the start of the window of a time: one for each way to cut time into windows.</summary>
internal static class WindowOperator
{
    /// <summary>The start of the latest window that contains a time.</summary>
    public static CallScalar Apply(WindowAssigner windows, Scalar time) => new(Of(windows), [time]);

    /// <summary>The operator.</summary>
    public static Operator Of(WindowAssigner windows) => new($"Window({windows.Text})", [ValueKind.Timestamp], ValueKind.Timestamp)
    {
        Window = windows,
        Evaluate = a => Expression.Call(Expression.Constant(windows), nameof(WindowAssigner.Start), null, a[0]),
        Sql = a => windows is TumblingWindows tumbling
            ? tumbling.Start(a[0])
            : throw new NotSupportedException($"There is no SQL for windows of {windows.Description}."),
    };
}
