namespace LambdaCore.Aggregates;

/// <summary>
/// The buckets of <see cref="QuantileState"/>: numbers cut so finely that the middle of a bucket is within a relative accuracy of everything in it.
/// Keys ascend as numbers do: 0 is zero, positive numbers have the keys from 1, negative ones the negated key of their
/// magnitude, infinities stand outside of all numbers, and NaN above them.
/// </summary>
/// <remarks>
/// <para>Bucket borders are near <c>gamma^i</c> with <c>gamma = (1 + a) / (1 - a)</c> for accuracy <c>a</c>, as in DDSketch (Masson, Rim,
/// Lee, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees", VLDB 2019, section 2.1). The logarithm is
/// replaced by the exponent of the number and a cubic of its fraction that is steep enough everywhere: 1 % more buckets.
/// Only IEEE operations are involved, so any machine finds the same bucket, which no library's logarithm promises.</para>
/// <para>Magnitudes below 2^-1022 (about 2.2e-308) count as zero.</para>
/// </remarks>
internal sealed class LogBuckets
{
    /// <summary>The finest accuracy: 0.1 %.</summary>
    public const double LeastAccuracy = 0.001;

    /// <summary>The coarsest accuracy: 25 %.</summary>
    public const double GreatestAccuracy = 0.25;

    private const int LeastExponent = -1022;
    private const long LeastBits = 1L << 52;
    private const long GreatestBits = 0x7FEF_FFFF_FFFF_FFFF;

    private readonly double _perOctave;

    /// <summary>Creates the buckets of an accuracy.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is outside <see cref="LeastAccuracy"/> to <see cref="GreatestAccuracy"/>.</exception>
    public LogBuckets(double accuracy)
    {
        if (!IsAccuracy(accuracy))
        {
            throw new ArgumentOutOfRangeException(nameof(accuracy), accuracy, $"The relative accuracy of a quantile lies between {LeastAccuracy} (0.1 %) and {GreatestAccuracy} (25 %); 0.01 (1 %) serves most.");
        }

        // Where the cubic is least steep it has 10/7 of the slope of the natural logarithm.
        Accuracy = accuracy;
        _perOctave = 0.7 / LogOfGamma(accuracy);
        Infinity = KeyOfMagnitude(double.MaxValue) + 1;
    }

    /// <summary>The relative accuracy.</summary>
    public double Accuracy { get; }

    /// <summary>The key of positive infinity; NaN has the next one.</summary>
    public int Infinity { get; }

    /// <summary>Whether there are buckets of an accuracy.</summary>
    public static bool IsAccuracy(double accuracy) => accuracy is >= LeastAccuracy and <= GreatestAccuracy;

    /// <summary>The key of the bucket that a number falls into.</summary>
    public int KeyOf(double value)
    {
        double magnitude = Math.Abs(value);
        if (magnitude <= double.MaxValue)
        {
            int key = BitConverter.DoubleToInt64Bits(magnitude) < LeastBits ? 0 : KeyOfMagnitude(magnitude);
            return value < 0 ? -key : key;
        }

        return double.IsNaN(value) ? Infinity + 1 : value > 0 ? Infinity : -Infinity;
    }

    /// <summary>The number that stands for a bucket: within the accuracy of each number in it.</summary>
    public double ValueOf(int key)
    {
        int magnitude = Math.Abs(key);
        if (magnitude >= Infinity)
        {
            return magnitude > Infinity ? double.NaN : key > 0 ? double.PositiveInfinity : double.NegativeInfinity;
        }

        if (magnitude == 0)
        {
            return 0;
        }

        double least = BitConverter.Int64BitsToDouble(LeastBitsOf(magnitude));
        double greatest = BitConverter.Int64BitsToDouble(LeastBitsOf(magnitude + 1) - 1);
        double middle = 2 * (least / (1 + (least / greatest)));
        return key > 0 ? middle : -middle;
    }

    private int KeyOfMagnitude(double magnitude)
    {
        long bits = BitConverter.DoubleToInt64Bits(magnitude);
        double fraction = BitConverter.Int64BitsToDouble((bits & (LeastBits - 1)) | 0x3FF0_0000_0000_0000) - 1;
        double curve = ((((6.0 / 35 * fraction) - 0.6) * fraction) + (10.0 / 7)) * fraction;
        return (int)(((bits >> 52) - 1023 - LeastExponent + curve) * _perOctave) + 1;
    }

    /// <summary>The bits of the least magnitude of a bucket. Bits of positive numbers ascend as the numbers do, so they can be bisected.</summary>
    private long LeastBitsOf(int key)
    {
        long low = LeastBits;
        long high = GreatestBits + 1;
        while (low < high)
        {
            long middle = low + ((high - low) / 2);
            if (KeyOfMagnitude(BitConverter.Int64BitsToDouble(middle)) < key)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    // ln((1 + a) / (1 - a)) = 2 (a + a^3/3 + a^5/5 + ...): again without a library's logarithm.
    private static double LogOfGamma(double accuracy)
    {
        double sum = 0;
        double power = accuracy;
        for (int n = 1; power / n > 1e-20; n += 2)
        {
            sum += power / n;
            power *= accuracy * accuracy;
        }

        return 2 * sum;
    }
}
