using System.Runtime.InteropServices;
using LambdaCore.Aggregates;
using LambdaCore.Batch;
using LambdaCore.DuckDb;
using LambdaCore.Tests.Aggregates;
using LambdaCore.Values;
using LambdaCore.Views;
using NUnit.Framework;

namespace LambdaCore.Tests.Views;

/// <summary>Whole views: their SQL over stored events gives the very keys and states that their fold gives, in the order of the keys' bytes.</summary>
[TestFixture]
internal sealed class FoldAgainstSqlTests
{
    private static readonly int[] Wanted = [0, 1, 7, -10];

    private static readonly ViewDefinition<Anything>[] Views =
    [
        View.Of<Anything>("hourly").Where(e => e.Text != "a").Where(e => e.I32 != 3)
            .GroupBy(e => new { Hour = Window.Hour(e.Time), e.Text })
            .Select(g => new { Events = g.Count(), Flagged = g.Count(e => e.Flag), Users = g.ApproxDistinct(e => e.TextN), Last = g.Latest(e => e.TextN), First = g.Earliest(e => e.F64), Total = g.Sum(e => e.I64N) }),
        View.Of<Anything>("own").GroupBy(e => e.Tint).Select(g => new
        {
            Texts = g.Aggregate(default(DistinctTexts), e => e.TextN), Weighted = g.Aggregate(default(WeightedSum), e => e.I16, e => e.I8N),
            A = g.Aggregate(default(Seen<bool?>), e => e.FlagN), B = g.Aggregate(default(Seen<sbyte>), e => e.I8N), C = g.Aggregate(default(Seen<byte?>), e => e.U8N), D = g.Aggregate(default(Seen<ushort>), e => e.U16N), E = g.Aggregate(default(Seen<uint?>), e => e.U32N),
            F = g.Aggregate(default(Seen<long>), e => e.I64), G = g.Aggregate(default(Seen<ulong?>), e => e.U64N), H = g.Aggregate(default(Seen<float>), e => e.F32N), I = g.Aggregate(default(Seen<decimal?>), e => e.DecN), J = g.Aggregate(default(Seen<Guid>), e => e.Id),
            K = g.Aggregate(default(Seen<DateTime?>), e => e.MomentN), L = g.Aggregate(default(Seen<DateOnly>), e => e.DateN), M = g.Aggregate(default(Seen<TimeSpan?>), e => e.SpanN), N = g.Aggregate(default(Seen<Tint?>), e => e.TintN), O = g.Aggregate(default(Seen<DayOfWeek>), e => e.Weekday),
            P = g.Aggregate(default(Seen<byte[]>), e => e.BytesN), Q = g.Aggregate(default(Seen<double?>), e => e.F64N), R = g.Aggregate(default(Seen<DateTimeOffset>), e => e.TimeN), S = g.Aggregate(default(Seen<string>), e => e.TextN), T = g.Aggregate(default(Seen<int>), e => e.I32 + e.I16),
        }),
        View.Of<Anything>("by").GroupBy(e => e.U8).Select(g => new
        {
            A = g.MinBy(e => e.TextN, e => e.F64), B = g.MaxBy(e => e.F64N, e => e.F32N), C = g.MaxBy(e => e.DecN, e => e.Text), D = g.MinBy(e => e.BytesN, e => e.DecN), E = g.MaxBy(e => e.Id, e => e.Flag), F = g.MinBy(e => e.TimeN, e => e.Bytes),
            G = g.MinBy(e => e.TintN, e => e.DateN), H = g.MaxBy(e => e.U64N, e => e.Id), Ratio = g.Ratio(e => e.I32, e => e.I16N), Any = g.Any(e => e.FlagN == true), All = g.All(e => e.I8 > 0), Share = g.Share(e => e.Flag),
        }),
        Keyed(View.Of<Anything>("k_bool").GroupBy(e => e.FlagN)),
        Keyed(View.Of<Anything>("k_i8").GroupBy(e => e.I8N)),
        Keyed(View.Of<Anything>("k_u16").GroupBy(e => e.U16)),
        Keyed(View.Of<Anything>("k_u32").GroupBy(e => e.U32N)),
        Keyed(View.Of<Anything>("k_u64").GroupBy(e => e.U64)),
        Keyed(View.Of<Anything>("k_f32").GroupBy(e => e.F32)),
        Keyed(View.Of<Anything>("k_f64").GroupBy(e => e.F64N)),
        Keyed(View.Of<Anything>("k_decimal").GroupBy(e => e.DecN)),
        Keyed(View.Of<Anything>("k_text").GroupBy(e => e.TextN)),
        Keyed(View.Of<Anything>("k_guid").GroupBy(e => e.IdN)),
        Keyed(View.Of<Anything>("k_date").GroupBy(e => e.DateN)),
        Keyed(View.Of<Anything>("k_span").GroupBy(e => e.Span)),
        Keyed(View.Of<Anything>("k_bytes").GroupBy(e => e.BytesN)),
        Keyed(View.Of<Anything>("k_enum").GroupBy(e => new { e.Tint, e.Weekday })),
        Keyed(View.Of<Anything>("k_week").GroupBy(e => new { Week = Window.Of(e.Time, TimeSpan.FromDays(7)), Month = e.Time.Month, In = Wanted.Contains(e.I32) })),
        Keyed(View.Of<Anything>("k_zoned").GroupBy(e => new { Day = Window.Day(e.Time, "Europe/Berlin"), Month = (DateTimeOffset?)Window.Month(e.MomentN!.Value, "Pacific/Apia") })),
        Keyed(View.Of<Anything>("s_alone").GroupBy(e => Window.Session(e.Time, TimeSpan.FromMinutes(30)))),
        Keyed(View.Of<Anything>("s_last").Where(e => e.Text != "a").GroupBy(e => new { e.TextN, Start = Window.Session(e.Time, TimeSpan.FromDays(100)) })),
        Keyed(View.Of<Anything>("s_first").GroupBy(e => new { Start = (DateTimeOffset?)Window.Session(e.Time, TimeSpan.FromDays(1)), e.F64N, Half = e.I32 / 2 })),
        Keyed(View.Of<Anything>("s_touching").Where(e => e.Flag).GroupBy(e => new { e.U8N, Start = Window.Session(e.Time, TimeSpan.FromMicroseconds(1)), e.F32 })),
        Keyed(View.Of<Anything>("s_endless").GroupBy(e => new { e.Tint, Start = Window.Session(e.Time, TimeSpan.MaxValue - TimeSpan.FromTicks(7)) })),
        Keyed(View.Of<Anything>("s_moments").GroupBy(e => new { e.Flag, Start = Window.Session(e.MomentN ?? e.Time, TimeSpan.FromHours(3)) })),
        Keyed(View.Of<Anything>("k_hopping").Where(e => e.I32 != 7).GroupBy(e => new { e.Flag, Span = Window.Hopping(e.Time, TimeSpan.FromMinutes(50), TimeSpan.FromMinutes(20), TimeSpan.FromMinutes(3)), Low = e.I8 % 2 })),
        Keyed(View.Of<Anything>("k_hopping_maybe").GroupBy(e => new { Span = (DateTime?)Window.Hopping(e.MomentN!.Value, TimeSpan.FromDays(70), TimeSpan.FromDays(7)) })),
        Keyed(View.Of<Anything>("k_computed").GroupBy(e => new { Sum = (int?)(e.I32 + e.I16), Half = e.I32 / 2, Positive = e.F64 > 0, Length = e.Text.Length })),
        View.Of<Anything>("statistics").GroupBy(e => new { e.U8N, e.Flag }).Select(g => new
        {
            Middle = g.Quantile(e => e.F64, 0.5), High = g.Quantile(e => e.F64, 0.99), Fine = g.Quantile(e => e.DecN, 0.9, 0.001), Whole = g.Quantile(e => e.U64, 0.1), Product = g.Quantile(e => e.I32 * e.I16, 0.5),
            Buckets = g.Histogram(e => e.F64N, -1, 0, 0.1, 1e300), Few = g.Histogram(e => e.I64, 0),
            Texts = g.CountDistinct(e => e.TextN, 1000), Dates = g.CountDistinct(e => e.Date, 5, WhenExceeded.Approximate), Exceeded = g.CountDistinct(e => e.Id, 2, WhenExceeded.Approximate),
            TopTexts = g.TopK(e => e.Text, 5), TopIds = g.TopK(e => e.IdN, 3, 16), TopNumbers = g.TopK(e => e.F32, 3, 16), TopDecimals = g.TopK(e => e.Dec, 3, 16),
            Last = g.LastN(e => e.BytesN, 5), First = g.FirstN(e => e.MomentN, 3), LastColors = g.LastN(e => e.TintN, 2),
        }),
    ];

    private static ViewDefinition<Anything> Keyed<TKey>(GroupedViewBuilder<Anything, TKey> keyed) => keyed.Select(g => new
    {
        Events = g.Count(), Long = g.Sum(e => e.I64), Small = g.Sum(e => e.U8N), Money = g.Sum(e => e.Dec), Mean = g.Average(e => e.DecN), Low = g.Min(e => e.F64), High = g.Max(e => e.F32N),
        First = g.Earliest(e => e.Date), Last = g.Latest(e => e.Bytes), Early = g.Min(e => e.Time), Late = g.Max(e => e.MomentN), Big = g.Max(e => e.U64), Ids = g.ApproxDistinct(e => e.U64N),
        Days = g.ApproxDistinct(e => e.Date), Longest = g.Max(e => e.Text), Even = g.Count(e => e.I32 % 2 == 0), Guid = g.Min(e => e.Id), Color = g.Max(e => e.TintN), Flag = g.Latest(e => e.FlagN),
    });

    [TestCaseSource(nameof(Views))]
    public void The_SQL_of_a_view_gives_what_its_fold_gives(ViewDefinition<Anything> view)
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("LAMBDACORE_SEED"), out int given) ? given : Random.Shared.Next();
        NastyValues values = new(seed);
        Anything[] events = [.. Enumerable.Range(0, 5000).Select(_ => values.Event())];
        Dictionary<string, string> folded = view.Accept(new Folder(events));
        using DuckDbInstance instance = new(new DuckDbOptions());
        using DuckDbConnection connection = instance.Connect();
        ScalarFunctions.Register(connection, view.Plan.Callbacks);
        CodeAggregates.Register(connection, view.Plan.Aggregates.Select(a => a.Function));

        StoredEvents.Create(connection, "events", events);
        List<string> keys = [];
        StateRows.Visit(connection, SqlCompiler.SelectStates(view.Plan, "events", nameof(Anything.Time)), view.Plan, (key, state) =>
        {
            keys.Add(Convert.ToHexString(key));
            Assert.That(folded.GetValueOrDefault(keys[^1]), Is.EqualTo(Convert.ToHexString(state)), () => $"LAMBDACORE_SEED={seed}, key {keys[^1]}\n{view.Explain()}");
        }, default);

        Assert.That(keys, Is.EqualTo(folded.Keys.Order(StringComparer.Ordinal)), () => $"LAMBDACORE_SEED={seed}");
    }

    private sealed class Folder(Anything[] events) : IViewVisitor<Anything, Dictionary<string, string>>
    {
        public Dictionary<string, string> Visit<TKey, TResult, TRow>(ViewProgram<Anything, TKey, TResult, TRow> program)
            where TRow : struct, IState<TRow>
        {
            Dictionary<string, TRow> rows = [];
            for (int i = 0; i < events.Length; i++)
            {
                if (program.Filter is { } filter && !filter(events[i]))
                {
                    continue;
                }

                foreach (byte[] key in program.KeysOf(events[i]))
                {
                    ref TRow row = ref CollectionsMarshal.GetValueRefOrAddDefault(rows, Convert.ToHexString(key), out _);
                    program.Fold(events[i], new EventStamp(UnixTime.FromDateTimeOffset(events[i].Time), i), ref row);
                }
            }

            foreach ((string bytes, TRow row) in rows)
            {
                Assert.That(RoundTrip(program, bytes, row), Is.EqualTo(bytes), "a key that was read is written alike");
            }

            return rows.ToDictionary(r => r.Key, r =>
            {
                ByteWriter state = new();
                r.Value.Write(state);
                return Convert.ToHexString(state.Written);
            });
        }

        private static unsafe string RoundTrip<TKey, TResult, TRow>(ViewProgram<Anything, TKey, TResult, TRow> program, string bytes, in TRow row)
            where TRow : struct, IState<TRow>
        {
            fixed (byte* start = Convert.FromHexString(bytes))
            {
                ByteReader reader = new(start, bytes.Length / 2);
                TKey key = program.ReadKey(ref reader, 0);
                ByteWriter written = new();
                program.WriteKey(key, written);
                try
                {
                    Assert.That(program.Project(key, in row), Is.Not.Null);
                }
                catch (OverflowException)
                {
                    // Sums of nasty numbers need not fit their type.
                }

                return Convert.ToHexString(written.Written);
            }
        }
    }
}
