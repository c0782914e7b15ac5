using System.Globalization;

namespace LambdaCore.CrashHost;

/// <summary>An event whose content follows from who appended it and when in his order, so that nothing can be invented unseen.</summary>
/// <param name="At">Event time: the same for all events of a producer, so that their order is that of the log.</param>
/// <param name="Producer">Who appended it: a number that no other producer has, in any life of the host.</param>
/// <param name="Number">His events are numbered from 0.</param>
/// <param name="Text">Follows from the others.</param>
public sealed record NumberedEvent(DateTimeOffset At, int Producer, long Number, string Text)
{
    /// <summary>The event of a producer and a number.</summary>
    public static NumberedEvent Of(int producer, long number) => new(
        DateTimeOffset.UnixEpoch.AddHours(producer), producer, number, TextOf(producer, number));

    /// <summary>The text of a producer and a number; its length varies.</summary>
    public static string TextOf(int producer, long number) =>
        string.Create(CultureInfo.InvariantCulture, $"{producer}:{number}:{new string('x', (int)((number * 7) % 50))}");
}
