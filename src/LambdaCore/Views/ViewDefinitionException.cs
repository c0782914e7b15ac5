namespace LambdaCore;

/// <summary>
/// A view's definition holds something that has no meaning in both layers. Raised where the view is defined; the
/// message names the sub-expression, says why, and gives the nearest form that is supported.
/// </summary>
public sealed class ViewDefinitionException : LambdaCoreException
{
    /// <summary>Creates an error without a message.</summary>
    public ViewDefinitionException()
    {
    }

    /// <summary>Creates an error.</summary>
    /// <param name="message">The sub-expression, why it is refused, and what to write instead.</param>
    public ViewDefinitionException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an error that was caused by another.</summary>
    /// <param name="message">The sub-expression, why it is refused, and what to write instead.</param>
    /// <param name="innerException">The cause.</param>
    public ViewDefinitionException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
