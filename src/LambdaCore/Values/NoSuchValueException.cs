namespace LambdaCore.Values;

/// <summary>
/// Something that was read is no key or time that any event can have, such as a time outside of those that .NET has. What it was read from is damaged then. It is no <see cref="InvalidDataException"/>, since code of
/// users may throw these where results are made.
/// </summary>
internal sealed class NoSuchValueException : ArgumentOutOfRangeException
{
    /// <param name="message">What it is.</param>
    public NoSuchValueException(string message)
        : base(null, message)
    {
    }

    /// <param name="message">What it is.</param>
    /// <param name="cause">How it showed.</param>
    public NoSuchValueException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
