using System.Globalization;
using LambdaCore.Batch;
using LambdaCore.DuckDb;
using LambdaCore.Tests.Values;
using LambdaCore.Values;
using LambdaCore.Views;
using NUnit.Framework;

namespace LambdaCore.Tests.Views;

/// <summary>Windows by the wall clock of a time zone.</summary>
[TestFixture]
internal sealed class ZoneTests
{
    private static readonly string[] Zones = [.. TimeZoneInfo.GetSystemTimeZones().Where(z => z.SupportsDaylightSavingTime || z.GetAdjustmentRules().Length > 0).Select(z => z.Id)];

    /// <summary>Zones and dates whose clocks did something odd.</summary>
    private static readonly (string Zone, string Date, string What)[] Oddities =
    [
        ("Europe/Berlin", "2025-03-30", "spring forward"), ("Europe/Berlin", "2025-10-26", "fall back"), ("Europe/Berlin", "1893-03-31", "from local mean time"), ("Europe/Berlin", "1945-05-24", "two hours ahead"),
        ("Asia/Beirut", "2022-03-27", "forward at midnight"), ("Asia/Beirut", "2022-10-30", "back at midnight"), ("Africa/Cairo", "2014-05-16", "forward at midnight"),
        ("America/Sao_Paulo", "2018-11-04", "forward at midnight"), ("America/Sao_Paulo", "2018-02-18", "back at midnight"), ("America/Havana", "2021-11-07", "from one o'clock back to midnight"),
        ("America/Havana", "2021-03-14", "forward at midnight"), ("America/Goose_Bay", "2009-11-01", "back over midnight at one minute past"), ("America/Goose_Bay", "1988-10-30", "two hours back over midnight"),
        ("Australia/Lord_Howe", "2024-04-07", "half an hour back"), ("Australia/Lord_Howe", "2024-10-06", "half an hour forward"), ("Pacific/Apia", "2011-12-30", "a day is skipped"),
        ("Pacific/Kwajalein", "1993-08-21", "a day is skipped"), ("America/Juneau", "1867-10-18", "a day comes twice"), ("Asia/Manila", "1844-12-31", "a day is skipped"), ("Africa/Monrovia", "1972-01-07", "by 44.5 minutes"),
        ("Asia/Pyongyang", "2015-08-15", "half an hour back at midnight"), ("Antarctica/Troll", "2023-03-26", "two hours"), ("Europe/Dublin", "2024-10-27", "negative summer time"), ("Africa/Casablanca", "2024-03-10", "Ramadan"),
        ("Asia/Gaza", "2023-04-29", "at two"), ("America/Caracas", "2007-12-09", "half an hour back"), ("Asia/Kathmandu", "1986-01-01", "by a quarter"), ("Atlantic/Azores", "2024-10-27", "from one o'clock back to midnight"),
        ("America/Scoresbysund", "2024-03-31", "stays"), ("Europe/London", "1968-10-27", "no change that year"), ("America/St_Johns", "2006-10-29", "back over midnight at one minute past"),
    ];

    private static readonly (string Name, WindowAssignerOf Windows, Func<DateTime, DateTime> Floor, bool IsOfDays, int Days)[] Kinds =
    [
        ("hours", zone => Window.Even(TimeSpan.FromHours(1), default, zone), w => w.Date.AddHours(w.Hour), false, 2),
        ("days", zone => Window.Even(TimeSpan.FromDays(1), default, zone), w => w.Date, true, 2),
        ("days from six", zone => Window.Even(TimeSpan.FromDays(1), TimeSpan.FromHours(6), zone), w => w.AddHours(-6).Date.AddHours(6), true, 2),
        ("weeks", zone => Window.Weeks(zone, DayOfWeek.Monday), w => w.Date.AddDays(-(((int)w.DayOfWeek + 6) % 7)), true, 9),
        ("weeks from Sunday", zone => Window.Weeks(zone, DayOfWeek.Sunday), w => w.Date.AddDays(-(int)w.DayOfWeek), true, 9),
        ("months", Window.Months, w => new DateTime(w.Year, w.Month, 1), true, 33),
        ("quarters of an hour", zone => Window.Even(TimeSpan.FromMinutes(15), default, zone), w => w.Date.AddMinutes(Math.Floor(w.TimeOfDay.TotalMinutes / 15) * 15), false, 2),
        ("eight hours from one", zone => Window.Even(TimeSpan.FromHours(8), TimeSpan.FromHours(-7), zone), w => w.AddHours(-1).Date.AddHours((w.AddHours(-1).Hour / 8 * 8) + 1), false, 2),
    ];

    private delegate WindowAssigner WindowAssignerOf(string zone);

    private static IEnumerable<TestCaseData> OddCases => Oddities.Select(o => new TestCaseData(o.Zone, DateTime.Parse(o.Date, CultureInfo.InvariantCulture)).SetArgDisplayNames(o.Zone, o.Date, o.What));

    [TestCaseSource(nameof(OddCases))]
    public void Windows_follow_the_wall_clock_where_it_is_odd(string zone, DateTime date) => Compare(zone, date);

    [Test]
    public void Windows_follow_the_wall_clock_around_any_change_of_any_zone()
    {
        int seed = Seed();
        Random random = new(seed);
        TestContext.Out.WriteLine($"LAMBDACORE_SEED={seed}");
        for (int i = 0; i < 60; i++)
        {
            string zone = Zones[random.Next(Zones.Length)];
            long[] changes = ChangesOf(zone);
            if (changes.Length > 0)
            {
                Compare(zone, UnixTime.ToDateTime(changes[random.Next(changes.Length)]).Date.AddDays(random.Next(-1, 2)));
            }
        }
    }

    [Test]
    public void Windows_tile_time_from_its_first_microsecond_to_its_last()
    {
        int seed = Seed();
        Random random = new(seed);
        string[] zones = [.. Oddities.Select(o => o.Zone).Distinct(), .. Enumerable.Range(0, 20).Select(_ => Zones[random.Next(Zones.Length)]), "UTC", "Etc/GMT-14", "Etc/GMT+12"];
        foreach (string zone in zones)
        {
            long[] changes = ChangesOf(zone);
            long[] times =
            [
                WindowAssigner.FirstMoment, WindowAssigner.FirstMoment + 1, WindowAssigner.LastMoment, WindowAssigner.LastMoment - 1,
                .. Enumerable.Range(0, 200).Select(_ => (long)RandomValue.Of(ValueKind.Timestamp, random)),
                .. Enumerable.Range(0, 200).Select(_ => NearChange(random, changes)),
                .. Enumerable.Range(0, 20).SelectMany(_ => new[] { WindowAssigner.FirstMoment + random.NextInt64(200_000_000_000), WindowAssigner.LastMoment - random.NextInt64(200_000_000_000) }),
            ];
            WindowAssigner[] all =
            [
                .. Kinds.Select(k => k.Windows(zone)),
                Window.Even(TimeSpan.FromMicroseconds(1 + random.NextInt64(10_000_000_000_000)), TimeSpan.FromMicroseconds(random.NextInt64(1_000_000_000)), zone),
                Window.Even(TimeSpan.FromMicroseconds(1 + random.NextInt64(100_000_000_000)), TimeSpan.FromMicroseconds(-random.NextInt64(1_000_000_000)), null),
            ];
            foreach (WindowAssigner windows in all)
            {
                foreach (long time in times)
                {
                    AssertTiles(windows, time, $"LAMBDACORE_SEED={seed}: {windows.Description} at {UnixTime.ToDateTime(time):O}");
                }
            }
        }
    }

    [Test]
    public void Both_layers_find_the_same_windows_around_every_change()
    {
        int seed = Seed();
        Random random = new(seed);
        using DuckDbInstance instance = new(new DuckDbOptions());
        using DuckDbConnection connection = instance.Connect();
        WindowAssigner[] all =
        [
            .. Oddities.Select(o => o.Zone).Distinct().SelectMany(zone => Kinds.Select(k => k.Windows(zone))).OrderBy(_ => random.Next()).Take(40),
            Window.Even(TimeSpan.FromHours(1), TimeSpan.FromMinutes(20), null), Window.Even(TimeSpan.FromDays(1), TimeSpan.FromHours(-3), null), Window.Months(null),
        ];
        Operator[] operators = [.. all.Select(WindowOperator.Of)];
        ScalarFunctions.Register(connection, operators.Select(o => o.Callback).OfType<CallbackFunction>());
        long[] changes = [.. Oddities.Select(o => o.Zone).Distinct().SelectMany(ChangesOf).Distinct()];
        long[] times =
        [
            WindowAssigner.FirstMoment, WindowAssigner.LastMoment, .. changes.SelectMany(c => new[] { c - 1, c, c + random.NextInt64(-90_000_000_000, 90_000_000_000) }),
            .. Enumerable.Range(0, 2000).Select(_ => (long)RandomValue.Of(ValueKind.Timestamp, random)),
        ];
        connection.Execute("CREATE TABLE times (i BIGINT, t BIGINT)");
        foreach ((int Index, long Time)[] chunk in times.Select((t, i) => (i, t)).Chunk(5000))
        {
            connection.Execute($"INSERT INTO times VALUES {string.Join(", ", chunk.Select(c => $"({c.Index}, {c.Time})"))}");
        }

        for (int o = 0; o < operators.Length; o++)
        {
            using DuckDbResult result = connection.Query($"SELECT t, {operators[o].Sql([SqlText.Atom("t")]).Text} FROM times");
            int rows = 0;
            while (result.NextChunk())
            {
                for (int row = 0; row < result.RowCount; row++, rows++)
                {
                    long time = result.Column(0).Int64(row);
                    Assert.That(result.Column(1).Int64(row), Is.EqualTo(all[o].Start(time)), () => $"LAMBDACORE_SEED={seed}: {all[o].Description} at {UnixTime.ToDateTime(time):O}");
                }
            }

            Assert.That(rows, Is.EqualTo(times.Length));
        }
    }

    [Test]
    public void Days_are_as_long_as_their_clock_makes_them()
    {
        static double Hours(string zone, string date)
        {
            DateTimeOffset noon = new(DateTime.Parse(date, CultureInfo.InvariantCulture).AddHours(12), TimeSpan.Zero);
            WindowAssigner days = Window.Even(TimeSpan.FromDays(1), default, zone);
            long start = days.Start(UnixTime.FromDateTimeOffset(noon));
            return (days.End(start) - start) / 3_600_000_000.0;
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Hours("Europe/Berlin", "2025-03-30"), Is.EqualTo(23));
            Assert.That(Hours("Europe/Berlin", "2025-10-26"), Is.EqualTo(25));
            Assert.That(Hours("Europe/Berlin", "2025-10-27"), Is.EqualTo(24));
            Assert.That(Hours("America/Havana", "2021-11-07"), Is.EqualTo(25), "its clock goes from one o'clock back to midnight");
            Assert.That(Hours("Asia/Beirut", "2022-03-27"), Is.EqualTo(23), "it begins at one o'clock");
            Assert.That(Hours("Australia/Lord_Howe", "2024-04-07"), Is.EqualTo(24.5));
            Assert.That(Window.Day(new DateTimeOffset(2022, 3, 27, 9, 0, 0, TimeSpan.Zero), "Asia/Beirut"), Is.EqualTo(new DateTimeOffset(2022, 3, 27, 1, 0, 0, TimeSpan.FromHours(3))));
            Assert.That(Window.Month(new DateTimeOffset(2024, 2, 29, 23, 30, 0, TimeSpan.Zero), "Europe/Berlin"), Is.EqualTo(new DateTimeOffset(2024, 3, 1, 0, 0, 0, TimeSpan.FromHours(1))));
            Assert.That(Window.Week(new DateTime(2024, 3, 3, 12, 0, 0, DateTimeKind.Utc), null, DayOfWeek.Saturday), Is.EqualTo(new DateTime(2024, 3, 2)));
            Assert.That(Window.Hour(new DateTimeOffset(2025, 10, 26, 1, 30, 0, TimeSpan.Zero), "Europe/Berlin"), Is.EqualTo(new DateTimeOffset(2025, 10, 26, 1, 0, 0, TimeSpan.Zero)), "the second hour from two to three is a window of its own");
        }
    }

    [Test]
    public void An_unknown_zone_is_refused_with_advice()
    {
        ViewBuilder<Anything> events = View.Of<Anything>("events");
        Assert.That(() => events.GroupBy(e => Window.Day(e.Time, "Europe/Atlantis")), Throws.TypeOf<ViewDefinitionException>().With.Message.Contains("Europe/Atlantis").And.Message.Contains("tzdata"));
        Assert.That(() => events.GroupBy(e => Window.Day(e.Time, "")), Throws.TypeOf<ViewDefinitionException>());
        Assert.That(() => events.GroupBy(e => Window.Day(e.Time, e.Text)), Throws.TypeOf<ViewDefinitionException>().With.Message.Contains("zone"));
        Assert.That(() => events.GroupBy(e => Window.Of(e.Time, e.Span)), Throws.TypeOf<ViewDefinitionException>().With.Message.Contains("size"));
        Assert.That(() => events.GroupBy(e => Window.Of(e.Time, TimeSpan.FromTicks(1))), Throws.TypeOf<ViewDefinitionException>().With.Message.Contains("microseconds"));
        Assert.That(() => events.GroupBy(e => Window.Of(e.Time, TimeSpan.FromHours(1), TimeSpan.FromTicks(1))), Throws.TypeOf<ViewDefinitionException>().With.Message.Contains("offset"));
        Assert.That(() => events.GroupBy(e => Window.Week(e.Time, null, (DayOfWeek)7)), Throws.TypeOf<ViewDefinitionException>());
        Assert.That(() => Window.Day(DateTimeOffset.UnixEpoch, "Europe/Atlantis"), Throws.ArgumentException.With.Message.Contains("Europe/Atlantis"));
    }

    [Test]
    public void A_definition_means_its_zone_and_the_zones_rules()
    {
        static ViewDefinition<Anything> Days(string? zone) => View.Of<Anything>("days").GroupBy(e => Window.Day(e.Time, zone)).Select(g => g.Count());
        Assert.That(Days("Europe/Berlin").Plan.Fingerprint, Is.Not.EqualTo(Days("Europe/Paris").Plan.Fingerprint).And.Not.EqualTo(Days(null).Plan.Fingerprint));
        Assert.That(Days("Europe/Berlin").Plan.Keys[0].Scalar.Text, Does.Contain("Europe/Berlin").And.Contain(ZoneClock.Of("Europe/Berlin").Rules));
        Assert.That(ZoneClock.Of("Europe/Berlin").Rules, Is.Not.EqualTo(ZoneClock.Of("Europe/Paris").Rules));
        Assert.That(Days("Europe/Berlin").Explain(), Does.Contain("windows of 1.00:00:00 in Europe/Berlin"));
    }

    private static void Compare(string zone, DateTime around)
    {
        DateTime day = DateTime.SpecifyKind(around.Date, DateTimeKind.Utc);
        foreach ((string name, WindowAssignerOf of, Func<DateTime, DateTime> floor, bool isOfDays, int days) in Kinds)
        {
            WindowAssigner windows = of(zone);
            NaiveWindows naive = new(TimeZoneInfo.FindSystemTimeZoneById(zone), floor, isOfDays);
            List<long> starts = [.. naive.Starts(day.AddDays(-days), day.AddDays(days)).Select(s => UnixTime.FromDateTime(DateTime.SpecifyKind(s, DateTimeKind.Utc)))];
            string what = $"{name} in {zone} around {around:d}";
            Assert.That(starts, Is.Not.Empty.And.Ordered.Ascending, what);
            List<long> found = [];
            for (long start = windows.Start(UnixTime.FromDateTime(day.AddDays(-days))); (start = windows.End(start)) <= UnixTime.FromDateTime(day.AddDays(days));)
            {
                found.Add(start);
            }

            Assert.That(found, Is.EqualTo(starts), what);
            for (int i = 0; i + 1 < starts.Count; i++)
            {
                long step = Math.Max((starts[i + 1] - starts[i]) / 50, 1);
                for (long time = starts[i]; time < starts[i + 1]; time += step)
                {
                    Assert.That(windows.Start(time), Is.EqualTo(starts[i]), what);
                }

                Assert.That(windows.Start(starts[i + 1] - 1), Is.EqualTo(starts[i]), what);
            }
        }
    }

    private static void AssertTiles(WindowAssigner windows, long time, string what)
    {
        long start = windows.Start(time);
        long end = windows.End(start);
        if (start > time || end <= time || windows.Start(start) != start || windows.Start(end - 1) != start || windows.Start(end) != end || start < WindowAssigner.FirstMoment)
        {
            Assert.Fail($"{what}: start {start} of it {windows.Start(start)}, time {time}, end {end}, start of end {windows.Start(end)}, start of what is before {windows.Start(end - 1)}");
        }
    }

    /// <summary>The days between 1900 and 2100 on which the offset changes.</summary>
    private static long[] ChangesOf(string zone)
    {
        TimeZoneInfo info = TimeZoneInfo.FindSystemTimeZoneById(zone);
        List<long> changes = [];
        DateTime day = new(1900, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        for (TimeSpan offset = info.GetUtcOffset(day); day.Year < 2100; day = day.AddDays(1))
        {
            TimeSpan now = info.GetUtcOffset(day);
            if (now != offset)
            {
                DateTime minute = day.AddDays(-1);
                while (info.GetUtcOffset(minute) == offset)
                {
                    minute = minute.AddMinutes(1);
                }

                changes.Add(UnixTime.FromDateTime(minute));
            }

            offset = now;
        }

        return [.. changes];
    }

    private static long NearChange(Random random, long[] changes) =>
        (changes.Length == 0 ? 0 : changes[random.Next(changes.Length)]) + random.NextInt64(-100_000_000_000, 100_000_000_000);

    private static int Seed() => int.TryParse(Environment.GetEnvironmentVariable("LAMBDACORE_SEED"), out int given) ? given : Random.Shared.Next();
}
