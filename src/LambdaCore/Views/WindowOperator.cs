using System.Linq.Expressions;
using System.Security.Cryptography;
using System.Text;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>The operator that gives the start of the window of a time: one for each way to cut time into windows.</summary>
internal static class WindowOperator
{
    /// <summary>The start of the latest window that contains a time.</summary>
    public static CallScalar Apply(WindowAssigner windows, Scalar time) => new(Of(windows), [time]);

    /// <summary>The operator.</summary>
    public static Operator Of(WindowAssigner windows)
    {
        CallbackFunction? callback = windows is TumblingWindows or HoppingWindows ? null : Callback(windows);
        return new Operator($"Window({windows.Text})", [ValueKind.Timestamp], ValueKind.Timestamp)
        {
            Window = windows,
            Evaluate = a => Expression.Call(Expression.Constant(windows), nameof(WindowAssigner.Start), null, a[0]),
            Sql = a => windows switch
            {
                TumblingWindows tumbling => tumbling.Start(a[0]),
                HoppingWindows hopping => hopping.Start(a[0]),
                _ => SqlText.Atom($"{callback!.SqlName}({a[0].Text})"),
            },
            Callback = callback,
        };
    }

    private static CallbackFunction Callback(WindowAssigner windows)
    {
        string name = $"lambdacore_window_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(windows.Text)))[..16]}";
        Func<long, long> start = windows.Start;
        return new CallbackFunction(name, [ValueKind.Timestamp], ValueKind.Timestamp, start.Method, windows);
    }
}
