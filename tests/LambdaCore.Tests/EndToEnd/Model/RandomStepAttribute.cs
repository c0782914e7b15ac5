using System.Reflection;

namespace LambdaCore.Tests.EndToEnd.Model;

/// <summary>
/// Makes a method of <see cref="StoreModel"/> without parameters a step of the random sequences. So a step is added by writing it, in whatever part of the class.
/// </summary>
/// <param name="weight">How often it is drawn, against the weights of all others: a question has 33, a batch run 6.</param>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RandomStepAttribute(int weight) : Attribute
{
    public int Weight => weight;
}

/// <summary>
/// Makes a method of <see cref="StoreModel"/> be called with the options whenever the store is opened, to set some of them.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class WhenOpeningAttribute : Attribute;

/// <summary>Draws the steps of a sequence.</summary>
internal static class RandomSteps
{
    private static readonly (MethodInfo Step, int Weight)[] All =
    [
        .. Methods<RandomStepAttribute>().Select(m => (m, m.GetCustomAttribute<RandomStepAttribute>()!.Weight)),
    ];

    private static readonly MethodInfo[] Opening = [.. Methods<WhenOpeningAttribute>()];

    /// <summary>Takes a random step.</summary>
    public static Task TakeAsync(StoreModel model, Random random)
    {
        int drawn = random.Next(All.Sum(s => s.Weight));
        int next = 0;
        while (drawn >= All[next].Weight)
        {
            drawn -= All[next++].Weight;
        }

        return (Task)Invoke(All[next].Step, model)!;
    }

    /// <summary>Sets the options that parts of the model choose.</summary>
    public static void Configure(StoreModel model, LambdaStoreOptions<AnyEvent> options) => Array.ForEach(Opening, m => Invoke(m, model, options));

    private static object? Invoke(MethodInfo method, StoreModel model, params object[] arguments) =>
        method.Invoke(model, BindingFlags.DoNotWrapExceptions, binder: null, arguments, culture: null);

    /// <summary>In the order of their names, so that a seed means the same wherever they stand.</summary>
    private static IEnumerable<MethodInfo> Methods<TAttribute>()
        where TAttribute : Attribute =>
        typeof(StoreModel).GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Where(m => m.IsDefined(typeof(TAttribute)))
            .OrderBy(m => m.Name, StringComparer.Ordinal);
}
