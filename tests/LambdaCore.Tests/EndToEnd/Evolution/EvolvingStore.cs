using System.Linq.Expressions;
using System.Reflection;
using LambdaCore.DuckDb;
using LambdaCore.Log;
using LambdaCore.Storage;
using LambdaCore.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Evolution;

/// <summary>One life of a store with an event type that has <c>At</c>, <c>Number</c> and any properties else.</summary>
internal abstract class EvolvingStore : IAsyncDisposable
{
    public static readonly DateTimeOffset Noon = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Opens a store with an event type.</summary>
    /// <param name="disk">Where.</param>
    /// <param name="type">The event type.</param>
    /// <param name="grouped">The properties by which views count events.</param>
    /// <param name="segmentEvents">How many events a segment holds at most.</param>
    public static EvolvingStore Open(IStorage disk, Type type, IEnumerable<string> grouped, int segmentEvents = 9)
    {
        try
        {
            return (EvolvingStore)Activator.CreateInstance(typeof(EvolvingStore<>).MakeGenericType(type), disk, grouped, segmentEvents)!;
        }
        catch (TargetInvocationException error)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(error.InnerException!);
            throw;
        }
    }

    /// <summary>Appends events, each given by its number, its lateness and its values by name.</summary>
    public abstract Task AppendAsync(IEnumerable<(long Number, TimeSpan Late, Dictionary<string, object?> Values)> events);

    /// <summary>Where the log ends, and where its sealed part does.</summary>
    public abstract (LogPosition End, LogPosition Sealed) Positions { get; }

    public abstract Task BatchAsync(BatchMode mode = BatchMode.Incremental);

    public abstract Task SealAsync();

    /// <summary>Writes all segments into one, as far as they fit.</summary>
    public abstract Task CompactAsync();

    /// <summary>All sealed events that count, in order, as text by number.</summary>
    public abstract List<(long Number, string Values)> ReadSealed();

    /// <summary>All rejected events, in order.</summary>
    public abstract Task<List<(long Number, string Values)>> ReadRejectedAsync();

    /// <summary>What a view that counts by a property answers: key as text, and count.</summary>
    public abstract Task<List<(string Key, long Count)>> CountAsync(string property);

    /// <summary>How many layers of a view's batch there are.</summary>
    public abstract LogPosition BatchEnd(string property);

    public abstract ValueTask DisposeAsync();

    /// <summary>Values as one text.</summary>
    public static string Show(IEnumerable<(string Name, object? Value)> values) => string.Join(" ", values.Select(v => $"{v.Name}={EvolvingValue.Show(v.Value)}"));
}

/// <inheritdoc/>
internal sealed class EvolvingStore<T> : EvolvingStore
    where T : notnull
{
    private static readonly PropertyInfo[] Properties =
        [.. typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite && p.Name is not (nameof(EvolvingEvent.At) or nameof(EvolvingEvent.Number)))];

    private static readonly PropertyInfo Number = typeof(T).GetProperty(nameof(EvolvingEvent.Number))!;

    private readonly Dictionary<string, Func<Task<List<(string Key, long Count)>>>> _questions = [];
    private readonly LambdaStore<T> _store;

    public EvolvingStore(IStorage disk, IEnumerable<string> grouped, int segmentEvents)
    {
        LambdaStoreOptions<T> options = new() { SegmentEvents = segmentEvents, BatchThreads = 1, LateEvents = LatePolicy.Reject, TimeProvider = new SimulatedClock(Noon) };
        ParameterExpression e = Expression.Parameter(typeof(T), "e");
        options.EventTime(Expression.Lambda<Func<T, DateTimeOffset>>(Expression.Property(e, nameof(EvolvingEvent.At)), e));
        foreach (string name in grouped)
        {
            PropertyInfo property = typeof(T).GetProperty(name)!;
            _ = typeof(EvolvingStore<T>).GetMethod(nameof(AddView), BindingFlags.NonPublic | BindingFlags.Instance)!
                .MakeGenericMethod(property.PropertyType).Invoke(this, [options, property]);
        }

        options.Validate();
        _store = StoreOpening.Open("memory", disk, options);
    }

    public override async Task AppendAsync(IEnumerable<(long Number, TimeSpan Late, Dictionary<string, object?> Values)> events)
    {
        T[] made = [.. events.Select(e => Make(new Dictionary<string, object?>(e.Values) { [nameof(EvolvingEvent.Number)] = e.Number, [nameof(EvolvingEvent.At)] = Noon - e.Late }))];
        await _store.AppendAsync(made);
    }

    public override (LogPosition End, LogPosition Sealed) Positions => (_store.Position, _store.SealedPosition);

    public override Task BatchAsync(BatchMode mode) => _store.RunBatchAsync(mode);

    public override Task SealAsync() => StoreInternals<T>.Of(_store).Log.SealAsync(_store.Position, CancellationToken.None);

    public override Task CompactAsync() => StoreInternals<T>.Of(_store).Log.CompactAsync(all: true, CancellationToken.None);

    public override List<(long Number, string Values)> ReadSealed()
    {
        OpenStore<T> parts = StoreInternals<T>.Of(_store);
        using MaterialisedSegments held = parts.Log.Segments(new LogRange(LogPosition.Zero, _store.SealedPosition));
        EventSchema schema = EventSchema.Of(typeof(T));
        EventCodec<T> codec = new(schema, schema.Properties.Single(p => p.Name == nameof(EvolvingEvent.At)));
        List<(long, string)> events = [];
        using DuckDbConnection connection = parts.DuckDb.Connect();
        using DuckDbResult result = connection.Query(
            $"SELECT {string.Join(", ", schema.Properties.Select(p => Sql.Name(p.Name)))}, _position FROM {held.Source} ORDER BY _position");
        ByteWriter bytes = new();
        while (result.NextChunk())
        {
            for (int row = 0; row < result.RowCount; row++)
            {
                bytes.Clear();
                for (int column = 0; column < schema.Properties.Count; column++)
                {
                    EventColumnReader.Write(schema.Properties[column], result.Column(column), row, bytes);
                }

                T e = Decode(codec, bytes);
                Assert.That(result.Column(schema.Properties.Count).Int64(row), Is.EqualTo(NumberOf(e)), "An event's position is its number.");
                events.Add((NumberOf(e), Show(e)));
            }
        }

        return events;
    }

    public override async Task<List<(long Number, string Values)>> ReadRejectedAsync()
    {
        List<(long, string)> letters = [];
        await foreach (DeadLetter<T> letter in _store.ReadDeadLettersAsync())
        {
            Assert.That(letter.Position.Value, Is.EqualTo(NumberOf(letter.Event)));
            letters.Add((NumberOf(letter.Event), Show(letter.Event)));
        }

        return letters;
    }

    public override Task<List<(string Key, long Count)>> CountAsync(string property) => _questions[property]();

    public override LogPosition BatchEnd(string property) => StoreInternals<T>.Of(_store).ViewsByName[$"by_{property}"].Snapshot.End;

    public override ValueTask DisposeAsync() => _store.DisposeAsync();

    private void AddView<TKey>(LambdaStoreOptions<T> options, PropertyInfo property)
    {
        ParameterExpression e = Expression.Parameter(typeof(T), "e");
        Expression<Func<T, TKey>> key = Expression.Lambda<Func<T, TKey>>(Expression.Property(e, property), e);
        ViewDefinition<T, TKey, long> view = View.Of<T>($"by_{property.Name}").GroupBy(key).Select(g => g.Count());
        options.AddView(view);
        _questions[property.Name] = async () =>
        {
            ViewAnswer<TKey, long> answer = await _store.Query(view).ExecuteAsync();
            Assert.That(answer.Receipt.Position, Is.EqualTo(_store.Position));
            return [.. answer.Rows.Select(r => (EvolvingValue.Show(r.Key), r.Result))];
        };
    }

    private static T Make(Dictionary<string, object?> values)
    {
        ConstructorInfo? constructor = typeof(T).GetConstructors().MaxBy(c => c.GetParameters().Length);
        if (constructor?.GetParameters() is { Length: > 0 } parameters)
        {
            return (T)constructor.Invoke([.. parameters.Select(p => values[p.Name!])]);
        }

        object made = Activator.CreateInstance<T>();
        foreach ((string name, object? value) in values)
        {
            typeof(T).GetProperty(name)!.SetValue(made, value);
        }

        return (T)made;
    }

    private static long NumberOf(T e) => (long)Number.GetValue(e)!;

    private static string Show(T e) => Show(Properties.Select(p => (p.Name, p.GetValue(e))).OrderBy(p => p.Name, StringComparer.Ordinal));

    private static unsafe T Decode(EventCodec<T> codec, ByteWriter bytes)
    {
        fixed (byte* start = bytes.Written)
        {
            ByteReader reader = new(start, bytes.Length);
            return codec.Decode(ref reader);
        }
    }
}
