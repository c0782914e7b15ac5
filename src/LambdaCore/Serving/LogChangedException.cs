namespace LambdaCore.Serving;

/// <summary>The log was changed between the moment at which layers were captured and that at which it was read: the question has to be answered anew.</summary>
internal sealed class LogChangedException(string view, long captured, long read) : LambdaCoreException(
    $"View '{view}' was asked while events of the log were changed again and again: revision {captured} of the log was to be read, but it was {read} by then. Ask again.");
