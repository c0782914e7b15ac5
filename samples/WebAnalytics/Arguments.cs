using System.Globalization;

namespace WebAnalytics;

/// <summary>What the command line asks for.</summary>
/// <param name="Seconds">How long traffic flows.</param>
/// <param name="Seed">What the traffic is made of.</param>
internal sealed record Arguments(int Seconds, int Seed)
{
    /// <summary>Reads a command line; null if it makes no sense.</summary>
    public static Arguments? Parse(string[] args)
    {
        Arguments parsed = new(15, 1);
        for (int i = 0; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length || !int.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out int value))
            {
                return null;
            }

            switch (args[i])
            {
                case "--seconds" when value > 0:
                    parsed = parsed with { Seconds = value };
                    break;
                case "--seed":
                    parsed = parsed with { Seed = value };
                    break;
                default:
                    return null;
            }
        }

        return parsed;
    }
}
