using System.Linq.Expressions;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>What is known of a view before its key: its name, its events, and which of them count.</summary>
internal sealed record ViewDraft(string Name, EventSchema Events, Scalar? Filter)
{
    private const int MaxNameLength = 100;

    /// <summary>Begins a view.</summary>
    public static ViewDraft Of(string name, Type eventType)
    {
        bool isName = name.Length is > 0 and <= MaxNameLength && char.IsAsciiLetter(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');
        if (!isName)
        {
            throw new ViewDefinitionException(
                $"The view name '{name}' cannot name a folder and a table everywhere. Use at most {MaxNameLength} ASCII letters, digits, '_' and '-', beginning with a letter.");
        }

        try
        {
            return new ViewDraft(name, EventSchema.Of(eventType), null);
        }
        catch (ArgumentException error)
        {
            throw new ViewDefinitionException($"View '{name}': {error.Message}", error);
        }
    }

    /// <summary>Adds a condition.</summary>
    public ViewDraft Where(LambdaExpression predicate)
    {
        Scalar condition = Translator(predicate).Condition(predicate.Body);
        return this with { Filter = Filter is null ? condition : OperatorTable.Apply("And", Filter, condition) };
    }

    /// <summary>A translator for a lambda over one event.</summary>
    public ScalarTranslator Translator(LambdaExpression lambda) => new(Name, Events, lambda.Parameters[0]);
}
