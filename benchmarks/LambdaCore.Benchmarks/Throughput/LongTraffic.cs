namespace LambdaCore.Benchmarks.Throughput;

/// <summary>Traffic that goes on where it was: as many events a day, by the same users, however long it has lasted.</summary>
internal static class LongTraffic
{
    /// <summary>A day's worth of events.</summary>
    public const int EventsPerDay = 1_000_000;

    /// <summary>Some events of it.</summary>
    /// <param name="first">The number of the first one.</param>
    /// <param name="count">How many.</param>
    /// <param name="users">How many users there are.</param>
    public static PageEvent[] Events(long first, int count, int users)
    {
        PageEvent[] events = WebTraffic.Events(count);
        long step = TimeSpan.TicksPerDay / EventsPerDay;
        for (int i = 0; i < events.Length; i++)
        {
            // Mixes the number of the event, so that users come and go in no order.
            ulong draw = ((ulong)(first + i) + 1) * 0x9E3779B97F4A7C15;
            double share = (draw >> 11) / (double)(1UL << 53);
            events[i] = events[i] with
            {
                Timestamp = WebTraffic.Start.AddTicks((first + i) * step),
                UserId = WebTraffic.UserId((int)(share * share * users)),
            };
        }

        return events;
    }
}
