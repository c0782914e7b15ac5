using System.Runtime.CompilerServices;
using System.Text;

namespace LambdaCore.Tests.EndToEnd.Model;

/// <summary>The store did not do what the model says it must.</summary>
internal sealed class ModelViolationException(string message) : Exception(message);

/// <summary>Holds the store against the model.</summary>
internal static class Model
{
    /// <summary>Raises what is wrong, if anything is. NUnit's own assertions cannot be used on parallel threads.</summary>
    public static void Check(bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] Violation otherwise)
    {
        if (!holds)
        {
            throw new ModelViolationException(otherwise.Text);
        }
    }
}

/// <summary>A message that is only put together where it is needed.</summary>
[InterpolatedStringHandler]
internal readonly ref struct Violation
{
    private readonly StringBuilder? _text;

    public Violation(int literalLength, int formattedCount, bool holds, out bool isNeeded)
    {
        isNeeded = !holds;
        _text = holds ? null : new StringBuilder(literalLength + (formattedCount * 16));
    }

    /// <summary>The message.</summary>
    public string Text => $"{_text}";

    public void AppendLiteral(string value) => _text!.Append(value);

    public void AppendFormatted<T>(T value, string? format = null) =>
        _text!.Append((value as IFormattable)?.ToString(format, null) ?? value?.ToString() ?? "null");
}
