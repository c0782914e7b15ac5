using System.Globalization;

namespace LambdaCore;

/// <summary>How long the master dataset keeps raw events. Views keep their states for ever. Immutable.</summary>
/// <remarks>
/// <para>
/// Whole segments go, the oldest first, and only those whose events every view's batch covers: after each batch run, and by
/// <see cref="LambdaStore{TEvent}.ApplyRetentionAsync"/>. Each view keeps its states of all events before
/// <see cref="LambdaStore{TEvent}.RawStart"/> in archive layers, so that every answer stays as it is. What has gone cannot be computed again: neither a full batch nor a
/// new definition, a correction or an erasure reaches it.
/// </para>
/// <para>The files leave the table at once, and the disk when they are vacuumed.</para>
/// </remarks>
public sealed record Retention
{
    private Retention()
    {
    }

    /// <summary>Raw events stay for ever.</summary>
    public static Retention Forever { get; } = new();

    /// <summary>The age from which a segment goes, counted from the ingestion of its last event; null if age does not matter.</summary>
    public TimeSpan? Age { get; private init; }

    /// <summary>The bytes of Parquet that may stay; null if they do not matter.</summary>
    public long? Bytes { get; private init; }

    /// <summary>Raw events go when they are too old, or when there are too many of them: whichever comes first.</summary>
    /// <param name="age">
    /// The age that raw events may reach, by the time at which they were appended (not their event time). Not negative; null if age does not matter.
    /// </param>
    /// <param name="bytes">The bytes that the segments of the master dataset may take. Not negative; null if size does not matter.</param>
    /// <exception cref="ArgumentException">Both are null.</exception>
    public static Retention Of(TimeSpan? age = null, long? bytes = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(age ?? TimeSpan.Zero, TimeSpan.Zero, nameof(age));
        ArgumentOutOfRangeException.ThrowIfNegative(bytes ?? 0, nameof(bytes));
        return age is null && bytes is null
            ? throw new ArgumentException($"Say an age, a number of bytes, or both. What stays for ever is {nameof(Retention)}.{nameof(Forever)}.", nameof(age))
            : new Retention { Age = age, Bytes = bytes };
    }

    /// <summary>The retention in words, for logs.</summary>
    public override string ToString()
    {
        string? bytes = Bytes is { } most ? string.Create(CultureInfo.InvariantCulture, $"{most:N0} bytes") : null;
        return (Age, bytes) switch
        {
            (null, null) => "for ever",
            ({ } age, null) => $"for {age:c}",
            (null, { } only) => $"up to {only}",
            ({ } age, { } both) => $"for {age:c} and up to {both}",
        };
    }
}
