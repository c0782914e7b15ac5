namespace LambdaCore.Values;

/// <summary>
/// The kinds of scalar value that events, keys and states are made of. Each kind has one representation inside
/// the library, used alike by the fold, the log, the keys and the states; the CLR types of a user's records are
/// converted to and from it at the edges by <see cref="ClrType"/>.
/// </summary>
internal enum ValueKind : byte
{
    /// <summary><see cref="bool"/>.</summary>
    Boolean,

    /// <summary><see cref="sbyte"/>.</summary>
    Int8,

    /// <summary><see cref="byte"/>.</summary>
    UInt8,

    /// <summary><see cref="short"/>.</summary>
    Int16,

    /// <summary><see cref="ushort"/>.</summary>
    UInt16,

    /// <summary><see cref="int"/>.</summary>
    Int32,

    /// <summary><see cref="uint"/>.</summary>
    UInt32,

    /// <summary><see cref="long"/>.</summary>
    Int64,

    /// <summary><see cref="ulong"/>.</summary>
    UInt64,

    /// <summary><see cref="System.Int128"/>, within 38 decimal digits: sums and orderings, never an event's property.</summary>
    Int128,

    /// <summary><see cref="float"/>.</summary>
    Float32,

    /// <summary><see cref="double"/>.</summary>
    Float64,

    /// <summary><see cref="decimal"/> with at most nine digits after the point: <see cref="DecimalUnits"/>.</summary>
    Decimal,

    /// <summary><see cref="string"/> of well-formed Unicode, ordered by its UTF-8 bytes.</summary>
    String,

    /// <summary><see cref="System.Guid"/>, ordered as its text.</summary>
    Guid,

    /// <summary>A point in time: <see cref="long"/> microseconds since the Unix epoch, UTC.</summary>
    Timestamp,

    /// <summary>A calendar date: <see cref="int"/> days since 1970-01-01.</summary>
    Date,

    /// <summary>A length of time: <see cref="long"/> ticks of 100 ns.</summary>
    Duration,

    /// <summary>A <see cref="byte"/> array, compared by content.</summary>
    Binary,

    /// <summary>The encoded state of a sketch, which knows its own length. Only states have it.</summary>
    Sketch,
}
