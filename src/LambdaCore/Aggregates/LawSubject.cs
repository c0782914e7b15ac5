using System.Buffers;
using System.Collections;

namespace LambdaCore.Aggregates;

/// <summary>Any aggregate, as its laws see it.</summary>
/// <typeparam name="TState">Its state.</typeparam>
/// <typeparam name="TInput">Its input.</typeparam>
internal abstract class LawSubject<TState, TInput>
    where TState : struct
{
    /// <summary>Its name, for messages.</summary>
    public abstract string Name { get; }

    /// <summary>Whether only results can be compared, and not bytes.</summary>
    public abstract bool DependsOnOrder { get; }

    /// <summary>Adds an event.</summary>
    public abstract void Add(ref TState state, TInput value, EventStamp at);

    /// <summary>Merges another state into one.</summary>
    public abstract void Merge(ref TState state, in TState other);

    /// <summary>The result.</summary>
    public abstract object? Result(in TState state);

    /// <summary>The state's bytes.</summary>
    public abstract byte[] Write(in TState state);

    /// <summary>The state of some bytes.</summary>
    public abstract TState Read(byte[] bytes);

    /// <summary>Whether two results are the same.</summary>
    public virtual bool IsSame(object? left, object? right) => IsSame(left, right, DependsOnOrder);

    private static bool IsSame(object? left, object? right, bool about) => (left, right) switch
    {
        (double a, double b) => a.Equals(b) || (about && IsAbout(a, b)),
        (float a, float b) => a.Equals(b) || (about && IsAbout(a, b)),
        (string a, string b) => string.Equals(a, b, StringComparison.Ordinal),
        (IEnumerable a, IEnumerable b) => AreSame([.. a.Cast<object?>()], [.. b.Cast<object?>()], about),
        _ => Equals(left, right),
    };

    private static bool AreSame(object?[] left, object?[] right, bool about) =>
        left.Length == right.Length && left.Zip(right).All(pair => IsSame(pair.First, pair.Second, about));

    private static bool IsAbout(double left, double right) => Math.Abs(left - right) <= 1e-9 * Math.Max(Math.Abs(left), Math.Abs(right));
}

/// <summary>A user's aggregate.</summary>
internal sealed class UserLawSubject<TAggregate, TInput, TResult>(Func<TResult, TResult, bool>? same) : LawSubject<TAggregate, TInput>
    where TAggregate : struct, IAggregate<TAggregate, TInput, TResult>
{
    public override string Name => typeof(TAggregate).Name;

    public override bool DependsOnOrder => TAggregate.DependsOnOrder;

    public override void Add(ref TAggregate state, TInput value, EventStamp at) => state.Add(value, at);

    public override void Merge(ref TAggregate state, in TAggregate other) => state.Merge(in other);

    public override object? Result(in TAggregate state) => state.Result();

    public override byte[] Write(in TAggregate state)
    {
        ArrayBufferWriter<byte> output = new();
        state.Write(output);
        return output.WrittenSpan.ToArray();
    }

    public override TAggregate Read(byte[] bytes) => TAggregate.Read(bytes);

    public override bool IsSame(object? left, object? right) => same is null ? base.IsSame(left, right) : same((TResult)left!, (TResult)right!);
}
