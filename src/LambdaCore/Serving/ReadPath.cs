using LambdaCore.Speed;

namespace LambdaCore.Serving;

/// <summary>How the rows of a question are found. Rows found must still be checked against the question's condition.</summary>
/// <param name="Keys">The encoded keys to look up; null to scan.</param>
/// <param name="Range">The encoded keys to scan.</param>
internal readonly record struct ReadPath(IReadOnlyList<byte[]>? Keys, KeyRange Range);
