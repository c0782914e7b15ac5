using System.Collections.Concurrent;
using System.Linq.Expressions;
using System.Reflection;
using LambdaCore.Tests.Aggregates;

namespace LambdaCore.Tests.EndToEnd.Model;

internal readonly record struct Composed<T1>(T1 A);

internal readonly record struct Composed<T1, T2>(T1 A, T2 B);

internal readonly record struct Composed<T1, T2, T3>(T1 A, T2 B, T3 C);

internal readonly record struct Composed<T1, T2, T3, T4>(T1 A, T2 B, T3 C, T4 D);

/// <summary>
/// Views put together at random: from any properties of an event, simple expressions over them, and any aggregates. A view's number
/// determines it, so that a sequence runs again with the same views.
/// </summary>
internal sealed class ComposedView
{
    /// <summary>How many there are.</summary>
    public const int Numbers = 150;

    private static readonly ConcurrentDictionary<int, Lazy<ModelView>> Made = new();
    private static readonly PropertyInfo[] Properties = [.. typeof(AnyEvent).GetProperties().Where(p => p.Name is not nameof(AnyEvent.IsLate))];
    private static readonly Type[] Shapes = [typeof(Composed<>), typeof(Composed<,>), typeof(Composed<,,>), typeof(Composed<,,,>)];

    private static readonly LambdaExpression[] Expressions =
    [
        Of(e => e.Text.Length), Of(e => e.Int32 % 3), Of(e => e.At.Hour), Of(e => e.Amount > 50), Of(e => e.TextMaybe ?? "none"), Of(e => e.Int32Maybe ?? 0),
        Of(e => (int?)(e.Int32 + 1)), Of(e => e.Category + e.Text), Of(e => e.Int64 / 7), Of(e => e.Float64 * 2), Of(e => e.Float32Maybe > 0), Of(e => e.Moment - e.At),
        Of(e => (long?)(e.Int64 * e.Int32)), Of(e => e.Text.StartsWith("text1")), Of(e => e.Flag ? e.Int16 : e.Int8), Of(e => (decimal?)(e.Money * 2)), Of(e => e.Utc.DayOfWeek),
        Of(e => e.MomentMaybe == null), Of(e => (double)e.Int32), Of(e => e.Text.ToLowerInvariant()), Of(e => e.Text.Trim()), Of(e => (int?)(100 / e.Small)), Of(e => e.Day.Month),
    ];

    private static readonly LambdaExpression[] Windows =
        [Of(e => Window.Hour(e.At)), Of(e => Window.Minute(e.At)), Of(e => Window.Day(e.At)), Of(e => Window.Of(e.At, TimeSpan.FromMinutes(7))), Of(e => Window.Day(e.Utc)), Of(e => Window.Hour(e.Moment)),
         Of(e => Window.Of(e.At, TimeSpan.FromMinutes(45), TimeSpan.FromMinutes(10))), Of(e => Window.Day(e.At, "Europe/Berlin")), Of(e => Window.Hour(e.At, "Australia/Lord_Howe")),
         Of(e => Window.Week(e.At, "Asia/Beirut", DayOfWeek.Sunday)), Of(e => Window.Month(e.Moment)), Of(e => Window.Day(e.Utc, "Pacific/Apia")), Of(e => Window.Of(e.At, TimeSpan.FromHours(8), TimeSpan.FromHours(6), "America/Havana")),
         Of(e => Window.Session(e.At, TimeSpan.FromMinutes(25))), Of(e => Window.Session(e.Utc, TimeSpan.FromHours(1))),
         Of(e => Window.Hopping(e.At, TimeSpan.FromMinutes(90), TimeSpan.FromMinutes(30), TimeSpan.Zero)), Of(e => Window.Hopping(e.Utc, TimeSpan.FromHours(5), TimeSpan.FromHours(2), TimeSpan.FromMinutes(-7)))];

    private readonly Random _random;
    private readonly AnyEvent[] _samples;

    private ComposedView(int number)
    {
        _random = new Random(number);
        _samples = new AnyEventSource(_random, nastyPercent: 50).Next(20);
    }

    /// <summary>The view of a number below <see cref="Numbers"/>.</summary>
    public static ModelView Number(int number) =>
        Made.GetOrAdd(number, n => new Lazy<ModelView>(() => new ComposedView(n).Compose($"composed_{n % 5}"))).Value;

    private ModelView Compose(string name)
    {
        ViewBuilder<AnyEvent> builder = View.Of<AnyEvent>(name);
        for (int i = _random.Next(3) - 1; i > 0; i--)
        {
            ParameterExpression e = Expression.Parameter(typeof(AnyEvent), "e");
            builder = builder.Where(Expression.Lambda<Func<AnyEvent, bool>>(Condition(e), e));
        }

        LambdaExpression key = Key();
        return (ModelView)Call(nameof(Group), [key.ReturnType], builder, key)!;
    }

    private ModelView Group<TKey>(ViewBuilder<AnyEvent> builder, Expression<Func<AnyEvent, TKey>> key)
    {
        ParameterExpression g = Expression.Parameter(typeof(EventGroup<AnyEvent, TKey>), "g");
        Expression[] aggregates = [.. Enumerable.Range(0, _random.Next(1, 5)).Select(_ => Aggregate(g))];
        Expression result = aggregates.Length == 1 && _random.Next(2) == 0 ? aggregates[0] : Construct(aggregates);
        return (ModelView)Call(nameof(Select), [typeof(TKey), result.Type], builder.GroupBy(key), Expression.Lambda(result, g))!;
    }

    private static ModelView Select<TKey, TResult>(GroupedViewBuilder<AnyEvent, TKey> builder, Expression<Func<EventGroup<AnyEvent, TKey>, TResult>> result) =>
        ModelView.Of(builder.Select(result));

    private LambdaExpression Key()
    {
        ParameterExpression e = Expression.Parameter(typeof(AnyEvent), "e");
        List<Expression> columns = [.. Enumerable.Range(0, _random.Next(1, 4)).Select(_ => Scalar(e))];
        if (_random.Next(3) == 0)
        {
            columns[_random.Next(columns.Count)] = Inline(Windows[_random.Next(Windows.Length)], e);
        }

        return Expression.Lambda(columns.Count == 1 && _random.Next(2) == 0 ? columns[0] : Construct([.. columns]), e);
    }

    private Expression Scalar(ParameterExpression e) => _random.Next(3) == 0
        ? Inline(Expressions[_random.Next(Expressions.Length)], e)
        : Expression.Property(e, Properties[_random.Next(Properties.Length)]);

    private Expression Condition(ParameterExpression e)
    {
        Expression one = Comparison(e);
        return _random.Next(4) switch
        {
            0 => Expression.AndAlso(one, Comparison(e)),
            1 => Expression.OrElse(one, Expression.Not(Comparison(e))),
            _ => one,
        };
    }

    private BinaryExpression Comparison(ParameterExpression e)
    {
        PropertyInfo property = Properties[_random.Next(Properties.Length)];
        Expression column = Expression.Property(e, property);
        object? sample = property.GetValue(_samples[_random.Next(_samples.Length)]);
        Type core = Nullable.GetUnderlyingType(column.Type) ?? column.Type;
        bool mayBeNull = core != column.Type || property.Name.EndsWith("Maybe", StringComparison.Ordinal);
        if (core == typeof(byte[]) || (mayBeNull && _random.Next(3) == 0))
        {
            return mayBeNull ? Expression.NotEqual(column, Expression.Constant(null, column.Type)) : Expression.GreaterThan(Expression.Property(e, nameof(AnyEvent.Small)), Expression.Constant(3));
        }

        (Expression left, Expression right) = RandomCondition.AsComputed(column, Expression.Constant(sample, column.Type));
        return core == typeof(bool) || core == typeof(string) || core == typeof(Guid) || core.IsEnum || _random.Next(2) == 0
            ? Expression.Equal(left, right)
            : Expression.GreaterThan(left, right);
    }

    private MethodCallExpression Aggregate(ParameterExpression g)
    {
        ParameterExpression e = Expression.Parameter(typeof(AnyEvent), "e");
        Expression value = Scalar(e);
        Type core = Nullable.GetUnderlyingType(value.Type) ?? value.Type;
        bool isWhole = core.IsPrimitive && core != typeof(bool) && core != typeof(float) && core != typeof(double) && core != typeof(ulong);
        Type? sum = isWhole ? typeof(long?) : core == typeof(ulong) ? typeof(ulong?) : core == typeof(decimal) ? typeof(decimal?) : core == typeof(float) || core == typeof(double) ? typeof(double?) : null;
        switch (_random.Next(18))
        {
            case 8 when sum is not null:
                Type number = sum == typeof(ulong?) ? typeof(decimal?) : sum;
                MethodInfo quantile = g.Type.GetMethods().Single(m => m.Name == "Quantile" && m.ReturnType == typeof(double?) && m.GetParameters().Length == 3).MakeGenericMethod(Nullable.GetUnderlyingType(number)!);
                return Expression.Call(g, quantile, Expression.Lambda(Widen(value, number), e), Expression.Constant(_random.NextDouble()), Expression.Constant(0.001 + (_random.Next(20) / 100.0)));
            case 9 when sum is not null:
                return _random.Next(2) == 0
                    ? Generic(g, "Histogram", value, e, [Expression.Constant((double[])[.. Enumerable.Range(-1, _random.Next(1, 9)).Select(i => i * 7.5)])])
                    : Generic(g, _random.Next(2) == 0 ? "Variance" : "PopulationStandardDeviation", value, e, []);
            case 10:
                return Generic(g, "CountDistinct", value, e, [Expression.Constant(_random.Next(1, 30)), Expression.Constant(_random.Next(3) == 0 ? WhenExceeded.Fail : WhenExceeded.Approximate)]);
            case 11:
                return Generic(g, "TopK", value, e, [Expression.Constant(_random.Next(1, 17)), Expression.Constant(_random.Next(16, 30))]);
            case 12:
                return Generic(g, _random.Next(2) == 0 ? "FirstN" : "LastN", value, e, [Expression.Constant(_random.Next(1, 9))]);
            case 0:
                return Expression.Call(g, "Count", null);
            case 1:
                return Expression.Call(g, "Count", null, Expression.Lambda<Func<AnyEvent, bool>>(Condition(e), e));
            case 2 when sum is not null:
                return Expression.Call(g, "Sum", null, Expression.Lambda(Widen(value, sum), e));
            case 3 when sum is not null:
                return Expression.Call(g, "Average", null, Expression.Lambda(Widen(value, sum), e));
            case 4:
                return Generic(g, "ApproxDistinct", value, e, _random.Next(2) == 0 ? [] : [Expression.Constant(_random.Next(4, 15))]);
            case 13:
                return Expression.Call(g, _random.Next(3) switch { 0 => "Any", 1 => "All", _ => "Share" }, null, Expression.Lambda<Func<AnyEvent, bool>>(Condition(e), e));
            case 14 when sum is not null && sum != typeof(ulong?):
                // A ratio of sums of doubles has no bound on its error.
                Type exact = sum == typeof(double?) ? typeof(long?) : sum;
                Expression[] parts = [sum == exact ? Widen(value, sum) : Widen(Expression.Property(e, nameof(AnyEvent.Int16)), exact), Widen(Expression.Property(e, nameof(AnyEvent.Small)), exact)];
                return Expression.Call(g, "Ratio", null, [.. parts.OrderBy(_ => _random.Next()).Select(part => Expression.Lambda(part, e))]);
            case 15 or 16:
                Expression by = Scalar(e);
                Expression optional = value.Type.IsValueType && Nullable.GetUnderlyingType(value.Type) is null ? Widen(value, typeof(Nullable<>).MakeGenericType(value.Type)) : value;
                return Expression.Call(g, _random.Next(2) == 0 ? "MinBy" : "MaxBy", [optional.Type, by.Type], Expression.Lambda(optional, e), Expression.Lambda(by, e));
            case 17:
                return Own(g, value, e);
            default:
                return Generic(g, _random.Next(4) switch { 0 => "Min", 1 => "Max", 2 => "Earliest", _ => "Latest" }, value, e, []);
        }
    }

    private static MethodCallExpression Own(ParameterExpression g, Expression value, ParameterExpression e)
    {
        Type own = typeof(Seen<>).MakeGenericType(value.Type);
        Type face = own.GetInterface(typeof(IAggregate<,,>).Name)!;
        MethodInfo method = g.Type.GetMethods().First(m => m.Name == "Aggregate" && m.GetGenericArguments().Length == 3 && m.GetParameters()[1].ParameterType.GetGenericArguments()[1].IsGenericParameter);
        return Expression.Call(g, method.MakeGenericMethod(face.GetGenericArguments()), Expression.Constant(Activator.CreateInstance(own), face), Expression.Lambda(value, e));
    }

    private static MethodCallExpression Generic(ParameterExpression g, string name, Expression value, ParameterExpression e, Expression[] more) =>
        Expression.Call(g, name, [value.Type], [Expression.Lambda(value, e), .. more]);

    private static Expression Widen(Expression value, Type type) => value.Type == type ? value : Expression.Convert(value, type);

    private static Expression Inline(LambdaExpression lambda, ParameterExpression e) => new Renaming(lambda.Parameters[0], e).Visit(lambda.Body);

    private static NewExpression Construct(Expression[] parts)
    {
        Type type = Shapes[parts.Length - 1].MakeGenericType([.. parts.Select(p => p.Type)]);
        return Expression.New(type.GetConstructor([.. parts.Select(p => p.Type)])!, parts);
    }

    private static Expression<Func<AnyEvent, T>> Of<T>(Expression<Func<AnyEvent, T>> expression) => expression;

    private object? Call(string method, Type[] types, params object[] arguments)
    {
        MethodInfo found = typeof(ComposedView).GetMethod(method, BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static)!;
        return found.MakeGenericMethod(types).Invoke(found.IsStatic ? null : this, BindingFlags.DoNotWrapExceptions, null, arguments, null);
    }

    private sealed class Renaming(ParameterExpression from, ParameterExpression to) : ExpressionVisitor
    {
        protected override Expression VisitParameter(ParameterExpression node) => node == from ? to : node;
    }
}
