namespace LambdaCore.Views;

/// <summary>A piece of SQL, as an operand of a larger one.</summary>
/// <param name="Text">The expression.</param>
/// <param name="IsAtomic">Whether it can stand as an operand without parentheses.</param>
internal readonly record struct SqlText(string Text, bool IsAtomic)
{
    /// <summary>Whether it may be NULL.</summary>
    public bool IsNullable { get; init; }

    /// <summary>Whether it may be NaN.</summary>
    public bool MayBeNaN { get; init; }

    /// <summary>Whether it is a constant.</summary>
    public bool IsConstant { get; init; }

    /// <summary>A call, a cast, a name: something that needs no parentheses.</summary>
    public static SqlText Atom(string text) => new(text, true);

    /// <summary>Operators and operands: something that needs parentheses inside another.</summary>
    public static SqlText Infix(string text) => new(text, false);

    /// <summary>The expression as an operand.</summary>
    public override string ToString() => IsAtomic ? Text : $"({Text})";
}
