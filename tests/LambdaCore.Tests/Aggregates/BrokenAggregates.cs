using System.Buffers;
using LambdaCore.Aggregates;

namespace LambdaCore.Tests.Aggregates;

/// <summary>How a <see cref="Broken{TFlaw}"/> aggregate is broken.</summary>
internal interface IFlaw
{
    static virtual bool ForgetsWhatIsMergedIntoNothing => false;

    static virtual bool KeepsTheLatestValueAdded => false;

    static virtual bool KeepsTheLeftInMerge => false;

    static virtual bool SubtractsInMerge => false;

    static virtual bool WritesOneLess => false;

    static virtual bool SharesItsArray => false;

    static virtual bool ThrowsForThirteen => false;

    static virtual bool ChangesWhenAsked => false;
}

internal readonly struct Flawless : IFlaw;

internal readonly struct ForgetsWhatIsMergedIntoNothing : IFlaw
{
    static bool IFlaw.ForgetsWhatIsMergedIntoNothing => true;
}

internal readonly struct KeepsTheLatestValueAdded : IFlaw
{
    static bool IFlaw.KeepsTheLatestValueAdded => true;
}

internal readonly struct KeepsTheLeftInMerge : IFlaw
{
    static bool IFlaw.KeepsTheLeftInMerge => true;
}

internal readonly struct SubtractsInMerge : IFlaw
{
    static bool IFlaw.SubtractsInMerge => true;
}

internal readonly struct WritesOneLess : IFlaw
{
    static bool IFlaw.WritesOneLess => true;
}

internal readonly struct SharesItsArray : IFlaw
{
    static bool IFlaw.SharesItsArray => true;
}

internal readonly struct ThrowsForThirteen : IFlaw
{
    static bool IFlaw.ThrowsForThirteen => true;
}

internal readonly struct ChangesWhenAsked : IFlaw
{
    static bool IFlaw.ChangesWhenAsked => true;
}

/// <summary>A sum, kept in an array, that breaks a law.</summary>
internal struct Broken<TFlaw> : IAggregate<Broken<TFlaw>, int, long>
    where TFlaw : IFlaw
{
    private long[]? _sum;

    public void Add(int value, EventStamp at)
    {
        if (TFlaw.ThrowsForThirteen && value == 13)
        {
            throw new InvalidOperationException("thirteen");
        }

        _sum ??= new long[1];
        _sum[0] = TFlaw.KeepsTheLatestValueAdded ? value : _sum[0] + value;
    }

    public void Merge(in Broken<TFlaw> other)
    {
        if (_sum is null && TFlaw.SharesItsArray)
        {
            _sum = other._sum;
            return;
        }

        if ((_sum is null && TFlaw.ForgetsWhatIsMergedIntoNothing) || (_sum is not null && TFlaw.KeepsTheLeftInMerge) || other._sum is null)
        {
            return;
        }

        _sum ??= new long[1];
        _sum[0] = TFlaw.SubtractsInMerge && _sum[0] != 0 ? _sum[0] - other._sum[0] : _sum[0] + other._sum[0];
    }

    public readonly long Result()
    {
        if (TFlaw.ChangesWhenAsked && _sum is not null)
        {
            _sum[0]++;
        }

        return _sum?[0] ?? 0;
    }

    public readonly void Write(IBufferWriter<byte> output) => output.Write(BitConverter.GetBytes((_sum?[0] ?? 0) - (TFlaw.WritesOneLess ? 1 : 0)));

    public static Broken<TFlaw> Read(ReadOnlySpan<byte> bytes) => new() { _sum = [BitConverter.ToInt64(bytes)] };
}
