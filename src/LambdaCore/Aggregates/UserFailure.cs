using System.Text;
using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>What a user's aggregate threw, as a state keeps it. Immutable.</summary>
/// <param name="Position">The event that it was adding; <see cref="NoEvent"/> if it was doing something else.</param>
/// <param name="Step">The name of the method.</param>
/// <param name="Error">The type and message of the exception, cut to <see cref="MaxErrorLength"/> characters.</param>
internal sealed record UserFailure(long Position, string Step, string Error) : IComparable<UserFailure>
{
    /// <summary>Stands for no single event: later than all.</summary>
    public const long NoEvent = long.MaxValue;

    private const int MaxErrorLength = 1000;

    /// <summary>Whether a state keeps what was thrown: all that the aggregate may be to blame for.</summary>
    public static bool Keeps(Exception error) => error is not OutOfMemoryException;

    /// <summary>A failure.</summary>
    public static UserFailure Of(string step, Exception error, long position = NoEvent)
    {
        string text = $"{error.GetType()}: {MessageOf(error)}";
        byte[] wellFormed = Encoding.UTF8.GetBytes(text.Length > MaxErrorLength ? text[..MaxErrorLength] : text);
        return new UserFailure(position, step, Encoding.UTF8.GetString(wellFormed));
    }

    /// <summary>The first of two, where one may be missing: whatever the order in which events came, the same one is kept.</summary>
    public static UserFailure? First(UserFailure? left, UserFailure? right) =>
        left is null ? right : right is null || left.CompareTo(right) <= 0 ? left : right;

    /// <summary>Reads a failure.</summary>
    public static UserFailure Read(ref ByteReader reader) => new(reader.ReadInt64(), reader.ReadString(), reader.ReadString());

    /// <summary>Writes the failure.</summary>
    public void Write(ByteWriter writer)
    {
        writer.WriteInt64(Position);
        writer.WriteString(Step);
        writer.WriteString(Error);
    }

    /// <inheritdoc/>
    public int CompareTo(UserFailure? other) =>
        other is null ? 1
        : Position != other.Position ? Position.CompareTo(other.Position)
        : string.CompareOrdinal(Step, other.Step) is var step && step != 0 ? step
        : string.CompareOrdinal(Error, other.Error);

    // A message is the user's code too, and may throw.
    private static string MessageOf(Exception error)
    {
        try
        {
            return error.Message;
        }
        catch (Exception second) when (Keeps(second))
        {
            return $"its message threw {second.GetType()}";
        }
    }
}
