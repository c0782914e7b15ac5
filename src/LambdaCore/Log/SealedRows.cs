using LambdaCore.Values;

namespace LambdaCore.Log;

/// <summary>
/// Reads what files of sealed events hold. Their hash says that they are what the log wrote; that they hold what the log writes, nothing says but reading them, and whoever meets something else has to know which
/// files they were.
/// </summary>
internal static class SealedRows
{
    private const int MostNamed = 3;

    /// <summary>Reads rows.</summary>
    /// <param name="files">The files that they stand in.</param>
    /// <param name="read">Reads them.</param>
    /// <exception cref="LogCorruptException">They are none that the log writes.</exception>
    public static T Read<T>(IReadOnlyList<EventFile> files, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (IsDamage(error))
        {
            string more = files.Count > MostNamed ? $" and {files.Count - MostNamed} others" : "";
            throw new LogCorruptException(
                $"A sealed event in {string.Join(", ", files.Take(MostNamed).Select(f => $"'{Path.GetFileName(f.Path)}'"))}{more} is none that the log has written: {error.Message} Restore the file from a copy, or {LogCorruptException.Salvage}.",
                error);
        }
    }

    /// <summary>Whether an error of decoding says that a value is none that an event can have, or of another type.</summary>
    private static bool IsDamage(Exception error) => error is InvalidDataException or ArgumentException or OverflowException or InvalidCastException || error.GetType() == typeof(InvalidOperationException);
}
