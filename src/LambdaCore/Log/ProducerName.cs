using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>The names of producers: any well-formed text of bounded length, compared by its code points, so that look-alikes are different producers.</summary>
internal static class ProducerName
{
    /// <summary>The longest name, in bytes of its UTF-8 form.</summary>
    public const int MaximumBytes = 255;

    /// <summary>What tells a producer's transactions in a table from those of stores, whose ids are GUIDs, as a name may be, too.</summary>
    private const string TransactionPrefix = "producer/";

    /// <summary>Refuses what cannot be a name.</summary>
    /// <exception cref="ArgumentException">It is empty, too long, or not well-formed.</exception>
    public static void Check(string name)
    {
        int bytes = StrictUtf8.BytesOfName(name, "A producer").Length;
        if (bytes > MaximumBytes)
        {
            throw new ArgumentException(
                $"A producer's name that begins with '{name[..Math.Min(name.Length, 40)]}' takes {bytes} bytes in UTF-8, and at most {MaximumBytes} are allowed, since the name stands in every group of its events. Choose a shorter name.",
                nameof(name));
        }
    }

    /// <summary>The id under which a producer's transactions stand in the master dataset.</summary>
    public static string TransactionOf(string name) => TransactionPrefix + name;

    /// <summary>The name of the producer whose transactions have an id; null if they are no producer's.</summary>
    public static string? OfTransaction(string id) => id.StartsWith(TransactionPrefix, StringComparison.Ordinal) ? id[TransactionPrefix.Length..] : null;
}
