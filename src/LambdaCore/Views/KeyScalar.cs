using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>A column of another view's key, from which the key of a roll-up is computed.</summary>
/// <param name="member">The column.</param>
/// <param name="index">Its position in that key.</param>
internal sealed class KeyScalar(KeyMember member, int index) : Scalar
{
    /// <summary>The column, and the key's member that holds it.</summary>
    public KeyMember Member { get; } = member;

    /// <summary>The column's position in the key.</summary>
    public int Index { get; } = index;

    /// <inheritdoc/>
    public override ScalarType Type => Member.Column.Type;

    /// <inheritdoc/>
    public override string Text { get; } = $"key {SqlLiteral.Name(member.Column.Name)}:{member.Column.Type}";
}
