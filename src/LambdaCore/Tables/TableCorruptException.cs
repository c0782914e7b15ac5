namespace LambdaCore;

/// <summary>The transaction log of the master dataset or of a batch view is damaged, incomplete, or was changed by
/// another program.</summary>
/// <remarks>Raised when a store is opened; nothing has been changed on disk.</remarks>
public sealed class TableCorruptException : LambdaCoreException
{
    /// <summary>Creates an error without a message.</summary>
    public TableCorruptException()
    {
    }

    /// <summary>Creates an error.</summary>
    /// <param name="message">What happened, where, and what to do.</param>
    public TableCorruptException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an error that was caused by another.</summary>
    /// <param name="message">What happened, where, and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public TableCorruptException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Says what is wrong in a commit, and what to do.</summary>
    /// <param name="path">The commit's file in the store.</param>
    /// <param name="line">The line in it, from 1; 0 if it is about the whole file.</param>
    /// <param name="what">What is wrong, as a sentence without its full stop.</param>
    /// <param name="cause">What found it, or null.</param>
    internal static TableCorruptException At(string path, int line, string what, Exception? cause = null) => new(
        $"The transaction log is damaged in '{path}'{(line > 0 ? $", line {line}" : "")}: {what}. Restore the file from a copy; if it is a batch view's, deleting the view's folder makes the next batch build it anew; if it is the log's and there is no copy, let LambdaStore.SalvageAsync make another store of what is sound. Nothing was changed on disk.",
        cause);
}
