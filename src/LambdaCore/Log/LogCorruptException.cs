namespace LambdaCore;

/// <summary>The log on disk is damaged below what was acknowledged, or part of it is missing.</summary>
/// <remarks>Raised when a store is opened or its log read; nothing has been changed on disk.</remarks>
public sealed class LogCorruptException : LambdaCoreException
{
    /// <summary>Creates an error without a message.</summary>
    public LogCorruptException()
    {
    }

    /// <summary>Creates an error.</summary>
    /// <param name="message">What happened, where, and what to do.</param>
    public LogCorruptException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an error that was caused by another.</summary>
    /// <param name="message">What happened, where, and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public LogCorruptException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    private LogCorruptException(string message, LogRange lost)
        : base(message) => Lost = lost;

    /// <summary>The positions known to be unreadable; events after them may be unreadable too.</summary>
    public LogRange Lost { get; }

    /// <summary>What to do where there is no copy, as the end of a sentence.</summary>
    internal const string Salvage = "if there is none, let LambdaStore.SalvageAsync make another store of what is sound";

    /// <param name="path">The file.</param>
    /// <param name="offset">Where in it, in bytes.</param>
    /// <param name="lost">What is lost; empty when only its start is known.</param>
    /// <param name="what">What is wrong there.</param>
    internal static LogCorruptException Damaged(string path, long offset, LogRange lost, string what) => new(
        $"The write-ahead log is damaged: {what}, in file '{path}' at byte {offset}. What is lost: {Describe(lost)}. Restore the file from a copy, or {Salvage}; nothing was changed on disk.",
        lost);

    /// <param name="path">The file that should be there.</param>
    /// <param name="lost">What is lost; empty when only its start is known.</param>
    internal static LogCorruptException Missing(string path, LogRange lost) => new(
        $"The write-ahead log is incomplete: there is no usable file '{path}'. What is lost: {Describe(lost)}. Put the file back from where it was moved or from a copy, or {Salvage}; nothing was changed on disk.",
        lost);

    private static string Describe(LogRange lost) =>
        lost.IsEmpty ? $"the events from position {lost.Start} on" : $"the events {lost}";
}
