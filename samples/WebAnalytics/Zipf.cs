namespace WebAnalytics;

/// <summary>Numbers from 0, each rarer than the one before: the probability of the n-th is proportional to 1 / n^skew.</summary>
internal sealed class Zipf
{
    private readonly double[] _cumulated;

    public Zipf(int count, double skew)
    {
        _cumulated = new double[count];
        double sum = 0;
        for (int i = 0; i < count; i++)
        {
            _cumulated[i] = sum += Math.Pow(i + 1, -skew);
        }
    }

    /// <summary>Draws a number.</summary>
    public int Next(Random random)
    {
        int found = Array.BinarySearch(_cumulated, random.NextDouble() * _cumulated[^1]);
        return found >= 0 ? found : ~found;
    }
}
