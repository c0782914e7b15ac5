using System.Globalization;

namespace LambdaCore;

/// <summary>Which events a batch run found that amend others: see <see cref="LambdaStoreOptions{TEvent}.Amendments"/>. They count from then on.</summary>
/// <param name="Amending">How many there were.</param>
/// <param name="Amended">How many events they took the place of, which count no more. One may amend several, and several one.</param>
/// <param name="NotFound">
/// How many of <paramref name="Amending"/> found nothing to amend: the log has no such event before them. Once raw events have gone by <see cref="Retention"/>, it may have had one; then the views count both
/// it and the event that was to amend it.
/// </param>
public readonly record struct AmendmentRun(long Amending, long Amended, long NotFound)
{
    /// <summary>The counts in words, for logs.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Amending} amendments of {Amended} events, {NotFound} of nothing that is there");
}
