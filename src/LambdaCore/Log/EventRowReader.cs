using LambdaCore.DuckDb;
using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>Restores events from the rows of a query whose first columns are those of the event type, in order. For one thread.</summary>
/// <param name="codec">Restores events.</param>
internal sealed class EventRowReader<TEvent>(EventCodec<TEvent> codec)
{
    private readonly ByteWriter _bytes = new();

    /// <summary>The event of a row of the current chunk.</summary>
    public unsafe TEvent Read(DuckDbResult result, int row)
    {
        _bytes.Clear();
        IReadOnlyList<EventProperty> properties = codec.Schema.Properties;
        for (int column = 0; column < properties.Count; column++)
        {
            EventColumnReader.Write(properties[column], result.Column(column), row, _bytes);
        }

        fixed (byte* start = _bytes.Written)
        {
            ByteReader reader = new(start, _bytes.Length);
            return codec.Decode(ref reader);
        }
    }
}
