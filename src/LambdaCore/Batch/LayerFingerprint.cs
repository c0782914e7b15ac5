using System.Security.Cryptography;
using System.Text;
using LambdaCore.Log;
using LambdaCore.Views;

namespace LambdaCore.Batch;

/// <summary>
/// What layers of a view must have in common to be its layers: the view's meaning, and, where the properties that it reads have a history, which of the store's columns
/// they are and what these read as where they were missing. Without such a history it is the view's fingerprint.
/// </summary>
/// <remarks>A name does not tell: the property may have been removed, and come back as another, or as something else where it is missing.</remarks>
internal static class LayerFingerprint
{
    /// <summary>The fingerprint of a view's layers.</summary>
    /// <param name="plan">The view.</param>
    /// <param name="schema">What events have and had.</param>
    public static string Of(ViewPlan plan, StoredSchema schema)
    {
        HashSet<string> read = [.. plan.Scalars.SelectMany(s => s.Parts).OfType<ColumnScalar>().Select(c => c.Property.Name)];
        string[] histories = [.. schema.Active.Where(c => read.Contains(c.Name)).Select(History).Where(h => h.Length > 0).Order(StringComparer.Ordinal)];
        return histories.Length == 0
            ? plan.Fingerprint
            : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', histories.Prepend(plan.Fingerprint)))));
    }

    private static string History(StoredColumn column) => column.Physical == column.Name && column.Fills.Count == 0
        ? ""
        : $"{column.Name} is {column.Physical}{string.Concat(column.Fills.Select(f => $", before {f.Schema} {f.Kind} {f.Value.Length}:{f.Value}"))}";
}
