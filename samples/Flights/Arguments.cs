using System.Globalization;

namespace Flights;

/// <summary>What the command line asks for.</summary>
/// <param name="Events">The most flights to replay.</param>
/// <param name="Folder">Where the store lives; null for a folder of its own.</param>
/// <param name="Keep">Whether the store stays there at the end.</param>
internal sealed record Arguments(long Events, string? Folder, bool Keep)
{
    /// <summary>Reads a command line; null if it makes no sense.</summary>
    public static Arguments? Parse(string[] args)
    {
        Arguments parsed = new(long.MaxValue, null, false);
        for (int i = 0; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--events" when i + 1 < args.Length && long.TryParse(args[++i], NumberStyles.None, CultureInfo.InvariantCulture, out long events) && events > 0:
                    parsed = parsed with { Events = events };
                    break;
                case "--folder" when i + 1 < args.Length:
                    parsed = parsed with { Folder = args[++i] };
                    break;
                case "--keep":
                    parsed = parsed with { Keep = true };
                    break;
                default:
                    return null;
            }
        }

        return parsed;
    }
}
