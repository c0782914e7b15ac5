using System.Globalization;

namespace Reprocessing;

/// <summary>What the command line asks for.</summary>
/// <param name="Events">How many sales and refunds there are.</param>
/// <param name="Seed">What they are made of.</param>
internal sealed record Arguments(int Events, int Seed)
{
    private const int FewestEvents = 1000;

    /// <summary>Reads a command line; null if it makes no sense.</summary>
    public static Arguments? Parse(string[] args)
    {
        Arguments parsed = new(300_000, 1);
        for (int i = 0; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length || !int.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out int value))
            {
                return null;
            }

            switch (args[i])
            {
                case "--events" when value >= FewestEvents:
                    parsed = parsed with { Events = value };
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
