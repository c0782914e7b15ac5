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
    public static T Read<T>(IReadOnlyList<EventFile> files, Func<T> read) => Run(files, read, error => error is ArgumentException or OverflowException || IsDamage(error));

    /// <summary>Writes rows anew. Whoever asked for that gets <see cref="ArgumentException"/>s where what he asked for cannot be stored.</summary>
    /// <param name="files">The files that they stand in.</param>
    /// <param name="write">Writes them.</param>
    /// <exception cref="LogCorruptException">They are none that the log writes.</exception>
    public static T WriteAnew<T>(IReadOnlyList<EventFile> files, Func<T> write) => Run(files, write, IsDamage);

    private static T Run<T>(IReadOnlyList<EventFile> files, Func<T> run, Func<Exception, bool> isDamage)
    {
        try
        {
            return run();
        }
        catch (Exception error) when (isDamage(error))
        {
            string more = files.Count > MostNamed ? $" and {files.Count - MostNamed} others" : "";
            throw new LogCorruptException(
                $"A sealed event in {string.Join(", ", files.Take(MostNamed).Select(f => $"'{Path.GetFileName(f.Path)}'"))}{more} is none that the log has written: {error.Message} Restore the file from a copy, or {LogCorruptException.Salvage}.",
                error);
        }
    }

    /// <summary>Whether an error of decoding says that a value is none that an event can have, or of another type.</summary>
    private static bool IsDamage(Exception error) => error is InvalidDataException or NoSuchValueException or InvalidCastException || error.GetType() == typeof(InvalidOperationException);
}
