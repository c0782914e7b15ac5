using System.Globalization;
using System.Numerics;
using System.Reflection;
using LambdaCore.Serving;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Tests.EndToEnd.Model;

/// <summary>
/// Which rows an answer must have under each reconciliation: the definitions once more, applied to two folds over lists, [0,S) and [0,P).
/// </summary>
internal sealed class ReconciliationOracle<TKey, TResult>(
    ViewDefinition<AnyEvent, TKey, TResult> view, FoldOracle<AnyEvent, TKey, TResult> oracle, WindowAssigner? windows)
{
    /// <summary>The rows of an answer in the order of their keys, and the keys that must not be there yet.</summary>
    public (IReadOnlyList<ExpectedRow<TKey, TResult>> Rows, IReadOnlyList<ExpectedRow<TKey, TResult>> Withheld) Rows(StoreMoment moment, Receipt receipt)
    {
        Func<int, bool> counts = moment.CountedWith(receipt.BatchEnd);
        IReadOnlyList<AnyEvent?> events = moment.EventsOf(receipt);
        LogPosition logEnd = LogPosition.Max(receipt.BatchEnd, new LogPosition(moment.LogAnsweredUpTo(view.Name)));
        ILookup<string, ExpectedRow<TKey, TResult>> batch = oracle.Rows(events, new LogRange(default, receipt.BatchEnd), counts).ToLookup(OwnerOf);
        ILookup<string, ExpectedRow<TKey, TResult>> log = oracle.Rows(events, new LogRange(receipt.BatchEnd, logEnd), counts).ToLookup(OwnerOf);
        ILookup<string, ExpectedRow<TKey, TResult>> speed = oracle.Rows(events, new LogRange(logEnd, new LogPosition(moment.Log.Count)), counts).ToLookup(OwnerOf);
        List<ExpectedRow<TKey, TResult>> rows = [];
        List<ExpectedRow<TKey, TResult>> withheld = [];
        foreach (ExpectedRow<TKey, TResult> row in oracle.Rows(events, receipt.Range, counts))
        {
            ExpectedRow<TKey, TResult>[] old = [.. batch[OwnerOf(row)].Where(b => IsPart(b, row))];
            bool isNewer = log[OwnerOf(row)].Concat(speed[OwnerOf(row)]).Any(s => IsPart(s, row));
            AnswerSource there = (old.Length == 0 ? AnswerSource.None : AnswerSource.Batch)
                | (isNewer && log[OwnerOf(row)].Any() ? AnswerSource.Log : AnswerSource.None)
                | (isNewer && speed[OwnerOf(row)].Any() ? AnswerSource.Speed : AnswerSource.None);
            IReadOnlyList<ExpectedRow<TKey, TResult>> made = Reconcile(receipt, row with { Source = there }, old);
            (made.Count == 0 ? withheld : rows).AddRange(made.Count == 0 ? [row] : made);
        }

        return ([.. rows.OrderBy(r => r.Bytes, Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)))], withheld);
    }

    /// <summary>What rows have in common of which one may be a part of the other, so that not each must be held against each.</summary>
    private static string OwnerOf(ExpectedRow<TKey, TResult> row) => row.Session?.Owner ?? Convert.ToHexString(row.Bytes);

    /// <summary>Whether one layer's row is of the same key, or a session within the session of all layers.</summary>
    private static bool IsPart(ExpectedRow<TKey, TResult> part, ExpectedRow<TKey, TResult> whole) => whole.Session is { } session
        ? part.Session!.Owner == session.Owner && session.First <= part.Session.First && part.Session.Last <= session.Last
        : part.Bytes.AsSpan().SequenceEqual(whole.Bytes);

    /// <summary>Whether a result is the expected one, as far as floating point and 28 digits can tell.</summary>
    public static bool Same(ExpectedRow<TKey, TResult> expected, TResult actual) => expected.BatchWeight is 0 or 1
        ? Values.Same(expected.Result, actual, expected.Tolerance)
        : SameMean(expected.Result, actual, expected.Tolerance, (decimal)expected.DecimalTolerance);

    /// <summary>Compares what a receipt says of the reconciliation with what is known.</summary>
    /// <param name="asked">What was asked, for the message.</param>
    /// <param name="receipt">The receipt.</param>
    /// <param name="moment">The store and its events.</param>
    /// <param name="layers">The layers that were asked.</param>
    /// <param name="chosen">The reconciliation that was asked for; null for the view's.</param>
    /// <param name="atLeast">The position that was asked for.</param>
    /// <returns>The layers that the answer must come from.</returns>
    public AnswerSource Check(string asked, Receipt receipt, StoreMoment moment, AnswerSource layers, Reconciliation? chosen, LogPosition atLeast)
    {
        if (layers != AnswerSource.Merged)
        {
            Model.Check(receipt.Reconciliation is null, $"{asked}: one layer was reconciled: {receipt.Reconciliation}");
            return layers;
        }

        Reconciliation used = chosen ?? moment.ReconciliationOf(view.Name);
        ReconciliationReceipt said = receipt.Reconciliation!;
        RealTimeReason? reason = ReasonOf(used, receipt, moment, atLeast);
        Model.Check(said.Used == used, $"{asked}: reconciled by {said.Used}, not by {used}");
        Model.Check(said.Reason == reason, $"{asked}: the batch is not used since {said.Reason}, but that is {reason}; {receipt}");
        if (used.Mode is ReconciliationMode.Merge or ReconciliationMode.Fallback || reason is not null)
        {
            Model.Check(said.BatchWatermark is null, $"{asked}: {said.BatchWatermark:O} closes no windows under {used}");
        }
        else
        {
            DateTimeOffset? watermark = moment.Times.TimeOfWatermarkAt((int)receipt.BatchEnd.Value);
            Model.Check(said.BatchWatermark == watermark, $"{asked}: windows close by {said.BatchWatermark:O}, not by {watermark:O}");
        }

        return used.Mode == ReconciliationMode.Fallback && reason is null ? AnswerSource.Batch : layers;
    }

    /// <summary>Compares the counts of a receipt with the rows that there must be, and counts these.</summary>
    public static void CheckCounts(string asked, StoreMoment moment, ReconciliationReceipt? said, IReadOnlyList<ExpectedRow<TKey, TResult>> rows, int withheld)
    {
        if (said is not null)
        {
            Count(moment.Ways, $"{said.Used.Mode} {said.Reason}", 1);
            Count(moment.Ways, $"{said.Used.Mode} withholds", withheld);
            foreach (IGrouping<string, ExpectedRow<TKey, TResult>> way in rows.GroupBy(r => WayOf(said.Used, r)))
            {
                Count(moment.Ways, way.Key, way.Count());
            }

            (int, int, int, int) expected = (rows.Count(r => r.BatchWeight == 1), rows.Count(r => r.BatchWeight == 0), rows.Count(r => r.BatchWeight is > 0 and < 1), withheld);
            Model.Check((said.BatchRows, said.RealTimeRows, said.BlendedRows, said.WithheldRows) == expected, $"{asked}: the receipt counts {said}, but there are {expected}");
        }
    }

    private static string WayOf(Reconciliation used, ExpectedRow<TKey, TResult> row) =>
        $"{used.Mode} {(row.BatchWeight switch { 0 => "real-time", 1 => "batch", _ => "blend" })} of {row.Source}{(row.Session is null ? "" : " session")}";

    private static void Count(Dictionary<string, int> ways, string way, int rows) => ways[way] = ways.GetValueOrDefault(way) + rows;

    private RealTimeReason? ReasonOf(Reconciliation used, Receipt receipt, StoreMoment moment, LogPosition atLeast) => used.Mode switch
    {
        ReconciliationMode.Merge => null,
        ReconciliationMode.Replace or ReconciliationMode.Hybrid when windows is null && !HasSessions => RealTimeReason.NoWindow,
        _ when receipt.BatchEnd == LogPosition.Zero => RealTimeReason.BatchMissing,
        _ when receipt.BatchEnd < atLeast => RealTimeReason.BatchBehind,
        ReconciliationMode.Fallback when moment.LastBatchFailed ?? receipt.Reconciliation!.Reason == RealTimeReason.BatchFailed => RealTimeReason.BatchFailed,
        ReconciliationMode.Fallback when receipt.BatchEnd.Value < moment.Events.Count && AgeOf(receipt) > used.Duration => RealTimeReason.BatchTooOld,
        _ => null,
    };

    private static TimeSpan? AgeOf(Receipt receipt) => receipt.Layers.Last(l => l.Source == AnswerSource.Batch).Staleness;

    /// <summary>One row as it must be, or as several sessions; none if it must not be there.</summary>
    private IReadOnlyList<ExpectedRow<TKey, TResult>> Reconcile(Receipt receipt, ExpectedRow<TKey, TResult> row, ExpectedRow<TKey, TResult>[] old)
    {
        if (receipt.Range.Start == receipt.BatchEnd && receipt.Reconciliation is null && receipt.BatchEnd != LogPosition.Zero)
        {
            return [row with { Source = row.Source & ~AnswerSource.Batch }];
        }

        bool isBatchOnly = receipt.Layers.All(l => l.Source == AnswerSource.Batch) && receipt.Reconciliation?.Used.Mode is null or ReconciliationMode.Fallback;
        if (isBatchOnly)
        {
            return [row with { Source = AnswerSource.Batch, BatchWeight = 1 }];
        }

        if (receipt.Reconciliation is not { BatchWatermark: { } watermark } said || EndOf(row) is not { } end)
        {
            return [row];
        }

        BigInteger age = (UnixTime.FromDateTimeOffset(watermark) - (BigInteger)end) * 10;
        IReadOnlyList<ExpectedRow<TKey, TResult>> settled = [.. old.Select(o => o with { Source = AnswerSource.Batch, BatchWeight = 1 })];
        if (said.Used == Reconciliation.Replace)
        {
            return age < 0 ? [row] : settled;
        }

        BigInteger horizon = said.Used.Duration.Ticks;
        return old.Length == 0 || age <= 0 ? [row]
            : age >= horizon ? settled

            // Sessions that the batch has cut elsewhere are not the same.
            : old.Length > 1 || !old[0].Bytes.AsSpan().SequenceEqual(row.Bytes) ? [row]
            : [Blended(row, old[0], age, horizon)];
    }

    private static ExpectedRow<TKey, TResult> Blended(ExpectedRow<TKey, TResult> row, ExpectedRow<TKey, TResult> old, BigInteger age, BigInteger horizon)
    {
        double slack = 0;
        return row with
        {
            Result = row.Overflows || old.Overflows ? default : row.Source == AnswerSource.Batch ? row.Result : (TResult?)Mean(row.Result, old.Result, age, horizon, ref slack),
            Overflows = row.Overflows || old.Overflows,
            Tolerance = Math.Max(row.Tolerance, old.Tolerance),
            DecimalTolerance = slack,
            BatchWeight = (double)age / (double)horizon,
        };
    }

    private bool HasSessions => view.Plan.SessionKey is { Scalar: ColumnScalar { Property.Name: nameof(AnyEvent.At) } };

    /// <summary>The end of a row's window or session of event time; null if it has none.</summary>
    public long? EndOf(ExpectedRow<TKey, TResult> row)
    {
        if (windows is null)
        {
            return HasSessions ? row.Session!.End : null;
        }

        MemberInfo? member = view.Key.Members.First(m => m.Column.Window is not null).Member;
        object? start = member is null ? row.Key : ((PropertyInfo)member).GetValue(row.Key);
        return start switch
        {
            DateTimeOffset time => windows.End(UnixTime.FromDateTimeOffset(time)),
            DateTime time => windows.End(UnixTime.FromDateTime(time)),
            _ => null,
        };
    }

    private static object? Mean(object? realTime, object? batch, BigInteger part, BigInteger whole, ref double slack)
    {
        if (realTime is null || batch is null)
        {
            return realTime;
        }

        PropertyInfo[] members = Values.MembersOf(realTime.GetType());
        if (members.Length > 0)
        {
            object?[] means = new object?[members.Length];
            for (int i = 0; i < members.Length; i++)
            {
                means[i] = Mean(members[i].GetValue(realTime), members[i].GetValue(batch), part, whole, ref slack);
            }

            return Activator.CreateInstance(realTime.GetType(), means);
        }

        if (realTime is decimal one && batch is decimal other)
        {
            // A product of 28 digits is off by half a unit of the last one.
            slack = Math.Max(slack, 1e-26 * (double)Math.Max(Math.Abs(one), Math.Abs(other)));
            return FromUnits(((Units(one) * (whole - part)) + (Units(other) * part)) / whole);
        }

        double weight = (double)part / (double)whole;
        return (realTime, batch) switch
        {
            (double a, double b) => double.IsFinite(a) && double.IsFinite(b) ? (a * (1 - weight)) + (b * weight) : a,
            (float a, float b) => float.IsFinite(a) && float.IsFinite(b) ? (float)((a * (1 - weight)) + (b * weight)) : a,
            (sbyte or byte or short or ushort or int or uint or long or ulong, _) =>
                Convert.ChangeType((decimal)Rounded((Whole(realTime) * (whole - part)) + (Whole(batch) * part), whole), realTime.GetType(), CultureInfo.InvariantCulture),
            _ => realTime,
        };
    }

    private static BigInteger Whole(object number) => BigInteger.Parse($"{number}", CultureInfo.InvariantCulture);

    private static BigInteger Rounded(BigInteger dividend, BigInteger divisor)
    {
        // The two whole numbers around it; the nearer one, or the even one if neither is.
        BigInteger below = BigInteger.Divide(dividend - BigInteger.Remainder(BigInteger.Remainder(dividend, divisor) + divisor, divisor), divisor);
        BigInteger above = below + 1;
        int nearer = (dividend - (below * divisor)).CompareTo((above * divisor) - dividend);
        return nearer < 0 || (nearer == 0 && below.IsEven) ? below : above;
    }

    private static BigInteger Units(decimal number)
    {
        int[] bits = decimal.GetBits(number);
        BigInteger mantissa = ((BigInteger)(uint)bits[2] << 64) | ((BigInteger)(uint)bits[1] << 32) | (uint)bits[0];
        return (number < 0 ? -mantissa : mantissa) * BigInteger.Pow(10, 28 - ((bits[3] >> 16) & 0xFF));
    }

    private static decimal FromUnits(BigInteger units)
    {
        string digits = BigInteger.Abs(units).ToString("D29", CultureInfo.InvariantCulture);
        return decimal.Parse($"{(units.Sign < 0 ? "-" : "")}{digits[..^28]}.{digits[^28..]}", NumberStyles.Float, CultureInfo.InvariantCulture);
    }

    private static bool SameMean(object? expected, object? actual, double tolerance, decimal slack)
    {
        if (expected is null || actual is null)
        {
            return expected is null && actual is null;
        }

        PropertyInfo[] members = Values.MembersOf(expected.GetType());
        return members.Length > 0 ? members.All(m => SameMean(m.GetValue(expected), m.GetValue(actual), tolerance, slack))
            : (expected, actual) switch
            {
                (decimal a, decimal b) => Math.Abs(a - b) <= slack,
                (double a, double b) => a.Equals(b) || double.IsInfinity(tolerance) || Math.Abs(a - b) <= tolerance + (1e-9 * Math.Abs(a)),
                (float a, float b) => a.Equals(b) || Math.Abs(a - b) <= 1e-6 * Math.Abs(a),
                _ => Values.Same(expected, actual),
            };
    }
}
