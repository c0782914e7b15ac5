using System.Buffers;
using LambdaCore.Aggregates;
using LambdaCore.Storage;
using LambdaCore.Tests.Aggregates;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>Aggregates of the host application in a whole store: in both layers, through files, and when their code throws.</summary>
[TestFixture]
internal sealed class UserAggregateTests
{
    private static readonly ViewDefinition<Reading, string, Summary> BySensor = View.Of<Reading>("by_sensor")
        .GroupBy(e => e.Sensor)
        .Select(g => new Summary(g.Count(), g.Aggregate(default(DistinctTexts), e => e.Label), g.Aggregate(default(GeometricMean), e => e.Value)));

    private static readonly ViewDefinition<Reading, string, Fragile> Delicate = View.Of<Reading>("delicate")
        .GroupBy(e => e.Sensor)
        .Select(g => new Fragile(g.Count(), g.Aggregate(default(NoThirteen), e => e.Number)));

    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Test]
    public async Task It_answers_alike_from_the_speed_layer_the_batch_layer_both_and_after_reopening()
    {
        using InMemoryStorage disk = new();
        await using (LambdaStore<Reading> store = Open(disk, o => o.AddView(BySensor)))
        {
            await store.AppendAsync(new Reading[] { new("a", "x", 2, 1), new("a", null, null, 1), new("b", "y", 5, 1) });
            await ExpectAsync(store, AnswerSource.Speed, 2, 2, "x");
            await store.RunBatchAsync();
            await ExpectAsync(store, AnswerSource.Batch, 2, 2, "x");
            await store.AppendAsync(new Reading("a", "w", 8, 1));
            await ExpectAsync(store, AnswerSource.Merged, 3, 4, "w", "x");
        }

        await using LambdaStore<Reading> again = Open(disk, o => o.AddView(BySensor));
        await ExpectAsync(again, AnswerSource.Merged, 3, 4, "w", "x");
    }

    [Test]
    public async Task An_event_that_it_throws_for_fails_its_key_alone_in_every_layer_and_names_itself()
    {
        using InMemoryStorage disk = new();
        await using (LambdaStore<Reading> store = Open(disk, o => o.AddView(Delicate)))
        {
            await store.AppendAsync(new Reading[] { new("a", null, null, 1), new("b", null, null, 2), new("b", null, null, 13), new("b", null, null, 13), new("c", null, null, 4) });
            await ExpectFailedAsync(store);
            await store.RunBatchAsync();
            await ExpectFailedAsync(store);
            await store.AppendAsync(new Reading("b", null, null, 13));
            await ExpectFailedAsync(store);
        }

        await using (LambdaStore<Reading> again = Open(disk, o => o.AddView(Delicate)))
        {
            await ExpectFailedAsync(again);
            await again.RunBatchAsync();
            await ExpectFailedAsync(again);
        }

        foreach (string file in disk.List("views/delicate/_delta_log"))
        {
            disk.Delete($"views/delicate/_delta_log/{file}");
        }

        await using LambdaStore<Reading> rebuilt = Open(disk, o => o.AddView(Delicate));
        await ExpectFailedAsync(rebuilt);
    }

    [Test]
    public void A_failure_whose_message_throws_is_kept_all_the_same() =>
        Assert.That(UserFailure.Of("Add", new MuteException(), 7), Is.EqualTo(new UserFailure(7, "Add", $"{typeof(MuteException)}: its message threw {typeof(InvalidOperationException)}")));

    [Test]
    public async Task A_new_version_of_its_code_computes_the_view_anew()
    {
        using InMemoryStorage disk = new();
        Evolving.Code = 1;
        await using (LambdaStore<Reading> store = Open(disk, o => o.AddView(Define())))
        {
            await store.AppendAsync(new Reading[] { new("b", null, null, 2), new("b", null, null, 13) });
            await store.RunBatchAsync();
            await Assert.ThrowsAsync<AggregateFailedException>(async () => await store.Query(Define()).ExecuteAsync());
        }

        await using (LambdaStore<Reading> same = Open(disk, o => o.AddView(Define())))
        {
            await Assert.ThrowsAsync<AggregateFailedException>(async () => await same.Query(Define()).ExecuteAsync());
        }

        // The next version of the program, where thirteen is a number like any other.
        Evolving.Code = 2;
        ViewDefinition<Reading, string, long> mended = Define();
        await using LambdaStore<Reading> again = Open(disk, o => o.AddView(mended));
        Assert.That((await again.GetAsync(mended, "b"))!.Result, Is.EqualTo(15));

        static ViewDefinition<Reading, string, long> Define() => View.Of<Reading>("evolving").GroupBy(e => e.Sensor).Select(g => g.Aggregate(default(Evolving), e => e.Number));
    }

    [TestCase("Merge")]
    [TestCase("Write")]
    [TestCase("Read")]
    [TestCase("Result")]
    public async Task Whatever_else_throws_fails_the_key_and_not_the_store(string method)
    {
        using InMemoryStorage disk = new();
        ViewDefinition<Reading, string, long> view = method switch
        {
            "Merge" => By<ThrowsInMerge>(),
            "Write" => By<ThrowsInWrite>(),
            "Read" => By<ThrowsInRead>(),
            _ => By<ThrowsInResult>(),
        };
        await using (LambdaStore<Reading> store = Open(disk, o => o.AddView(view).AddView(BySensor)))
        {
            await store.AppendAsync(new Reading[] { new("a", "x", 2, 1), new("b", "y", 2, 1) });
            await store.RunBatchAsync();
            await store.AppendAsync(new Reading[] { new("a", "x", 2, 1), new("b", "y", 2, 1) });
            await ExpectAsync(store, AnswerSource.Merged, 2, 2, "x");
            AggregateFailedException error = (await Assert.ThrowsAsync<AggregateFailedException>(async () => await store.GetAsync(view, "a")))!;
            Assert.That(error.Message, Does.Contain("View 'throws'").And.Contain(method).And.Contain("on purpose"));
            Assert.That(error.Position, Is.Null);
            await Assert.ThrowsAsync<AggregateFailedException>(async () => await store.Query(view).ExecuteAsync());
        }

        await using LambdaStore<Reading> again = Open(disk, o => o.AddView(view).AddView(BySensor));
        await ExpectAsync(again, AnswerSource.Merged, 2, 2, "x");
    }

    private static ViewDefinition<Reading, string, long> By<TFlaw>()
        where TFlaw : IThrows =>
        View.Of<Reading>("throws").GroupBy(e => e.Sensor).Select(g => g.Aggregate(default(Throwing<TFlaw>), e => e.Number));

    private static LambdaStore<Reading> Open(InMemoryStorage disk, Action<LambdaStoreOptions<Reading>> configure)
    {
        LambdaStoreOptions<Reading> options = new();
        configure(options.EventTime(e => e.Time));
        return StoreOpening.Open("memory", disk, options);
    }

    private static async Task ExpectAsync(LambdaStore<Reading> store, AnswerSource source, long events, double mean, params string[] labels)
    {
        ViewEntry<string, Summary>? entry = await store.GetAsync(BySensor, "a");
        Assert.That(entry!.Receipt.Source, Is.EqualTo(source));
        Assert.That(entry.Result.Events, Is.EqualTo(events));
        Assert.That(entry.Result.Labels, Is.EqualTo(labels));
        Assert.That(entry.Result.Mean, Is.EqualTo(mean).Within(1e-12));
    }

    private static async Task ExpectFailedAsync(LambdaStore<Reading> store)
    {
        AggregateFailedException error = (await Assert.ThrowsAsync<AggregateFailedException>(async () => await store.GetAsync(Delicate, "b")))!;
        Assert.That(error.Position, Is.EqualTo(new LogPosition(2)), "the first of the events that it fails on");
        Assert.That(error.Message, Does.Contain("View 'delicate'").And.Contain(nameof(NoThirteen)).And.Contain("position 2").And.Contain("unlucky").And.Contain("Version"));
        await Assert.ThrowsAsync<AggregateFailedException>(async () => await store.Query(Delicate).ExecuteAsync());
        Assert.That((await store.GetAsync(Delicate, "a"))!.Result, Is.EqualTo(new Fragile(1, 1)));
        Assert.That((await store.Query(Delicate).Where(k => k == "c").ExecuteAsync()).Rows, Has.Count.EqualTo(1));
    }

    public sealed record Reading(string Sensor, string? Label, double? Value, int Number)
    {
        public DateTimeOffset Time { get; init; } = Noon;
    }

    internal sealed class MuteException : Exception
    {
        public override string Message => throw new InvalidOperationException("no message");
    }

    internal sealed record Summary(long Events, IReadOnlyList<string> Labels, double? Mean);

    internal sealed record Fragile(long Events, long Sum);

    /// <summary>A sum that cannot bear thirteen.</summary>
    internal struct NoThirteen : IAggregate<NoThirteen, int, long>
    {
        private long _sum;

        public void Add(int value, EventStamp at) => _sum += value == 13 ? throw new ArgumentException("an unlucky number") : value;

        public void Merge(in NoThirteen other) => _sum += other._sum;

        public readonly long Result() => _sum;

        public readonly void Write(IBufferWriter<byte> output) => output.Write(BitConverter.GetBytes(_sum));

        public static NoThirteen Read(ReadOnlySpan<byte> bytes) => new() { _sum = BitConverter.ToInt64(bytes) };
    }

    /// <summary>A sum whose code changes between two runs of the program.</summary>
    internal struct Evolving : IAggregate<Evolving, int, long>
    {
        private long _sum;

        public static int Code { get; set; } = 1;

        public static int Version => Code;

        public void Add(int value, EventStamp at) => _sum += Code == 1 && value == 13 ? throw new ArgumentException("an unlucky number") : value;

        public void Merge(in Evolving other) => _sum += other._sum;

        public readonly long Result() => _sum;

        public readonly void Write(IBufferWriter<byte> output) => output.Write(BitConverter.GetBytes(_sum));

        public static Evolving Read(ReadOnlySpan<byte> bytes) => new() { _sum = BitConverter.ToInt64(bytes) };
    }

    internal interface IThrows
    {
        static abstract string In { get; }
    }

    internal readonly struct ThrowsInMerge : IThrows
    {
        public static string In => "Merge";
    }

    internal readonly struct ThrowsInWrite : IThrows
    {
        public static string In => "Write";
    }

    internal readonly struct ThrowsInRead : IThrows
    {
        public static string In => "Read";
    }

    internal readonly struct ThrowsInResult : IThrows
    {
        public static string In => "Result";
    }

    internal struct Throwing<TFlaw> : IAggregate<Throwing<TFlaw>, int, long>
        where TFlaw : IThrows
    {
        private long _sum;

        public void Add(int value, EventStamp at) => _sum += value;

        public void Merge(in Throwing<TFlaw> other) => _sum += Or("Merge", other._sum);

        public readonly long Result() => Or("Result", _sum);

        public readonly void Write(IBufferWriter<byte> output) => output.Write(BitConverter.GetBytes(Or("Write", _sum)));

        static Throwing<TFlaw> IAggregate<Throwing<TFlaw>, int, long>.Read(ReadOnlySpan<byte> bytes) => new() { _sum = Or("Read", BitConverter.ToInt64(bytes)) };

        private static long Or(string method, long value) => TFlaw.In == method ? throw new InvalidOperationException("on purpose") : value;
    }
}
