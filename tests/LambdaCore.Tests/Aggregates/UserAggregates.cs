using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace LambdaCore.Tests.Aggregates;

/// <summary>As small as a user's aggregate gets.</summary>
public struct GeometricMean : IAggregate<GeometricMean, double, double?>
{
    private double _logarithms;
    private long _count;

    public static bool DependsOnOrder => true;

    public void Add(double value, EventStamp at)
    {
        _logarithms += Math.Log(value);
        _count++;
    }

    public void Merge(in GeometricMean other)
    {
        _logarithms += other._logarithms;
        _count += other._count;
    }

    public readonly double? Result() => _count == 0 ? null : Math.Exp(_logarithms / _count);

    public readonly void Write(IBufferWriter<byte> output)
    {
        Span<byte> bytes = output.GetSpan(16);
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, _logarithms);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], _count);
        output.Advance(16);
    }

    public static GeometricMean Read(ReadOnlySpan<byte> bytes) =>
        new() { _logarithms = BinaryPrimitives.ReadDoubleLittleEndian(bytes), _count = BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]) };
}

/// <summary>The distinct texts in order: a state on the heap, and a result that is a list.</summary>
public struct DistinctTexts : IAggregate<DistinctTexts, string, IReadOnlyList<string>>
{
    private SortedSet<string>? _texts;

    public void Add(string value, EventStamp at) => (_texts ??= new(StringComparer.Ordinal)).Add(value);

    public void Merge(in DistinctTexts other)
    {
        foreach (string text in other._texts ?? [])
        {
            Add(text, default);
        }
    }

    public readonly IReadOnlyList<string> Result() => [.. _texts ?? []];

    public readonly void Write(IBufferWriter<byte> output)
    {
        foreach (string text in _texts ?? [])
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            output.Write(BitConverter.GetBytes(bytes.Length));
            output.Write(bytes);
        }
    }

    public static DistinctTexts Read(ReadOnlySpan<byte> bytes)
    {
        DistinctTexts state = default;
        while (bytes.Length > 0)
        {
            int length = BitConverter.ToInt32(bytes);
            state.Add(Encoding.UTF8.GetString(bytes.Slice(4, length)), default);
            bytes = bytes[(4 + length)..];
        }

        return state;
    }
}

/// <summary>Two inputs, the second of which may be missing.</summary>
public struct WeightedSum : IAggregate<WeightedSum, (long Value, int? Weight), (long Sum, long Unweighted)>
{
    private long _sum;
    private long _unweighted;

    public void Add((long Value, int? Weight) value, EventStamp at)
    {
        _sum = unchecked(_sum + (value.Value * (value.Weight ?? 1)));
        _unweighted += value.Weight is null ? 1 : 0;
    }

    public void Merge(in WeightedSum other)
    {
        _sum = unchecked(_sum + other._sum);
        _unweighted += other._unweighted;
    }

    public readonly (long Sum, long Unweighted) Result() => (_sum, _unweighted);

    public readonly void Write(IBufferWriter<byte> output) => output.Write(MemoryMarshal.AsBytes([_sum, _unweighted]));

    public static WeightedSum Read(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<long> numbers = MemoryMarshal.Cast<byte, long>(bytes);
        return new() { _sum = numbers[0], _unweighted = numbers[1] };
    }
}

/// <summary>A sum of hash codes of everything that it is handed, and of when: notices any difference between layers.</summary>
public struct Seen<T> : IAggregate<Seen<T>, T, string>
{
    private ulong _sum;
    private long _count;

    public void Add(T value, EventStamp at)
    {
        string text = value switch
        {
            null => "null",
            byte[] bytes => Convert.ToHexString(bytes),
            double number => number == 0 ? "0" : double.IsNaN(number) ? "NaN" : number.ToString("R"),
            float number => number == 0 ? "0" : float.IsNaN(number) ? "NaN" : number.ToString("R"),
            decimal number => (number / 1.000000000000000000000000000000000m).ToString(),
            DateTimeOffset time => time.ToString("O"),
            DateTime time => $"{time:O}{time.Kind}",
            _ => $"{value}",
        };
        ulong hash = 14695981039346656037UL;
        foreach (char c in $"{typeof(T).Name} {text} {at.Time:O} {at.Position}")
        {
            hash = unchecked((hash ^ c) * 1099511628211UL);
        }

        _sum = unchecked(_sum + hash);
        _count++;
    }

    public void Merge(in Seen<T> other)
    {
        _sum = unchecked(_sum + other._sum);
        _count += other._count;
    }

    public readonly string Result() => $"{_count} values, {_sum:x16}";

    public readonly void Write(IBufferWriter<byte> output) => output.Write(MemoryMarshal.AsBytes([_sum, (ulong)_count]));

    static Seen<T> IAggregate<Seen<T>, T, string>.Read(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> numbers = MemoryMarshal.Cast<byte, ulong>(bytes);
        return new() { _sum = numbers[0], _count = (long)numbers[1] };
    }
}
