namespace LambdaCore.CrashHost;

/// <summary>How many events each append of a producer holds: known to the host and to who checks it.</summary>
public static class AppendSizes
{
    /// <summary>The sizes, without end.</summary>
    public static IEnumerable<int> Of(int producer)
    {
        Random random = new(producer);
        while (true)
        {
            yield return random.Next(3) == 0 ? random.Next(2, 30) : 1;
        }
    }
}
