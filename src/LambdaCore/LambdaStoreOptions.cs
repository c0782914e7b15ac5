using System.Linq.Expressions;
using LambdaCore.Aggregates;
using LambdaCore.Log;
using LambdaCore.Serving;
using LambdaCore.Tables;
using LambdaCore.Values;
using LambdaCore.Views;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LambdaCore;

/// <summary>What a store keeps, and how it uses the machine. Filled in while a store is opened; not thread-safe.</summary>
/// <typeparam name="TEvent">The event type.</typeparam>
public sealed partial class LambdaStoreOptions<TEvent>
{
    private readonly List<(ViewDefinition<TEvent> View, Reconciliation Reconciliation)> _views = [];
    private readonly List<(string Former, string Name)> _renames = [];

    internal LambdaStoreOptions() => Schema = EventSchema.Of(typeof(TEvent));

    /// <summary>What an acknowledgement promises about a crash. Default: <see cref="LambdaCore.Durability.Fsync"/>.</summary>
    public Durability Durability { get; set; } = Durability.Fsync;

    /// <summary>What an append does while the queue in front of the log is full. Default: <see cref="LambdaCore.Backpressure.Wait"/>.</summary>
    public Backpressure Backpressure { get; set; } = Backpressure.Wait;

    /// <summary>How many append calls may wait in the queue in front of the log. At least 1; default 8,192.</summary>
    public int QueueCapacity { get; set; } = 8192;

    /// <summary>
    /// The number of events after which the write-ahead tail is sealed into a Parquet segment by itself; also the size of the
    /// largest segment. At least 1; default 1,000,000. A batch run seals whatever there is.
    /// </summary>
    public int SegmentEvents { get; set; } = 1_000_000;

    /// <summary>
    /// Bytes of memory for speed views that have outgrown their in-memory tables; beyond them they spill to the store's folder. At
    /// least 16 MiB; default 256 MiB. Nothing is taken before it is needed.
    /// </summary>
    public long SpeedMemoryBytes { get; set; } = 256L << 20;

    /// <summary>
    /// Bytes of memory that DuckDB may use; larger batches spill to the store's folder. States that are computed by code, such as sketches, may take
    /// half as much in addition, and a file that is being written some 70 MiB; a batch that needs more is computed in pieces. At least
    /// 16 MiB; null, the default, means 80 % of the machine's memory.
    /// </summary>
    public long? BatchMemoryBytes { get; set; }

    /// <summary>Threads that a batch run may use. At least 1; null, the default, means one per processor.</summary>
    public int? BatchThreads { get; set; }

    /// <summary>How the write-ahead log uses the disk.</summary>
    internal WriteAheadLogOptions WriteAhead { get; set; } = new();

    /// <summary>
    /// Whether sealed events that no batch view covers stay in the log, to be read there by every question, instead of being folded into the speed layer when the
    /// store opens.
    /// </summary>
    internal bool AnswersFromLog { get; set; }

    /// <summary>When batches run by themselves. Default: <see cref="LambdaCore.BatchSchedule.ByHand"/>.</summary>
    public BatchSchedule BatchSchedule { get; set; } = BatchSchedule.ByHand;

    /// <summary>Whether no rebuild begins before it is resumed.</summary>
    internal bool HoldsRebuilds { get; set; }

    /// <summary>How views are computed anew in the background, and when.</summary>
    public RebuildOptions Rebuilds { get; set; } = new();

    /// <summary>How long the master dataset keeps raw events. Default: <see cref="LambdaCore.Retention.Forever"/>.</summary>
    public Retention Retention { get; set; } = Retention.Forever;

    /// <summary>
    /// Whether each batch run compares what it computed with what the speed layer has of the same events: see <see cref="DriftReport"/>. The run takes up to
    /// twice the processor time where most keys have few events, and hardly more where they have many. Default: false, unless the
    /// switch <c>LambdaCore.AuditDrift</c> of <see cref="AppContext"/> is set, as it may be in the runtime configuration of your tests.
    /// </summary>
    public bool AuditDrift { get; set; } = AppContext.TryGetSwitch("LambdaCore.AuditDrift", out bool isOn) && isOn;

    /// <summary>
    /// How far out of order events may come without being late: the watermark stays so far behind the highest event time. Not negative, in whole microseconds;
    /// default zero, so that every event before the highest event time is late.
    /// </summary>
    /// <remarks>An event that is late counts all the same. What the watermark decides is which windows are complete.</remarks>
    public TimeSpan AllowedDisorder { get; set; } = TimeSpan.Zero;

    /// <summary>
    /// How far behind the watermark an event may be and still count at once, whatever <see cref="LateEvents"/> says. Not negative, in whole microseconds;
    /// default 24 hours.
    /// </summary>
    public TimeSpan GracePeriod { get; set; } = TimeSpan.FromHours(24);

    /// <summary>What becomes of events that are late by more than <see cref="GracePeriod"/>. Default: <see cref="LatePolicy.Include"/>.</summary>
    public LatePolicy LateEvents { get; set; } = LatePolicy.Include;

    /// <summary>
    /// How far ahead of its ingestion (<see cref="TimeProvider"/>) an event may lie and still move the watermark, so that one wrong clock does not make all others
    /// late. Not negative, in whole microseconds; default one hour. Events beyond it count like any other; how many there were says <see cref="EventTimeStatus.HeldBack"/>.
    /// </summary>
    public TimeSpan FutureBound { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// How long events can be read as they were before a correction or an erasure: <see cref="LambdaStore{TEvent}.VacuumAsync"/> deletes files only
    /// when they have been out of use for as long, unless it is told otherwise. Not negative, in whole microseconds; default 7 days.
    /// </summary>
    public TimeSpan TimeTravelWindow { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Where the store reads the clock. Default: <see cref="System.TimeProvider.System"/>.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Where the store logs to. Default: nowhere.</summary>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

    /// <summary>Numbers from 0 to 1 that vary the time until a scheduled batch is tried again; null for random ones.</summary>
    internal Func<double>? RetryVariation { get; set; }

    internal EventSchema Schema { get; }

    internal EventProperty? EventTimeProperty { get; private set; }

    internal IReadOnlyList<(ViewDefinition<TEvent> View, Reconciliation Reconciliation)> Views => _views;

    internal IReadOnlyList<(string Former, string Name)> Renames => _renames;

    /// <summary>Says which property holds the time at which an event happened. Required.</summary>
    /// <param name="property">A property of type <see cref="DateTimeOffset"/> or <see cref="DateTime"/>, for instance <c>e => e.Timestamp</c>.</param>
    /// <returns>These options.</returns>
    /// <exception cref="ArgumentException">The expression is no such property.</exception>
    public LambdaStoreOptions<TEvent> EventTime<TTime>(Expression<Func<TEvent, TTime>> property)
    {
        ArgumentNullException.ThrowIfNull(property);
        EventProperty? found = property.Body is MemberExpression { Expression: ParameterExpression } member ? Schema.Find(member.Member) : null;
        if (found is null || found.Type != new ScalarType(ValueKind.Timestamp, false))
        {
            throw new ArgumentException(
                $"The event time must be a stored property of {typeof(TEvent).Name} of type DateTimeOffset or DateTime (not nullable); '{property.Body}' is not. Write e => e.Timestamp.", nameof(property));
        }

        EventTimeProperty = found;
        return this;
    }

    /// <summary>Adds a view to the store.</summary>
    /// <param name="view">The definition. Its name must be new; case does not count.</param>
    /// <param name="reconciliation">
    /// How the batch layers and the speed layer become one answer, unless a question chooses. Null, the default, means <see cref="Reconciliation.Merge"/>.
    /// </param>
    /// <param name="formerName">
    /// The name that the view had before, under which the store may still have its files: they move to the new name when the store is opened, and nothing is computed anew. It may stay in the
    /// code. Null if the view was not renamed.
    /// </param>
    /// <returns>These options.</returns>
    /// <exception cref="ArgumentException">
    /// There is a view of that name, or <see cref="Reconciliation.Hybrid"/> is chosen, but the view's results cannot be blended; or the former name is that of a view.
    /// </exception>
    public LambdaStoreOptions<TEvent> AddView(ViewDefinition<TEvent> view, Reconciliation? reconciliation = null, string? formerName = null)
    {
        ArgumentNullException.ThrowIfNull(view);
        if (_views.Find(v => string.Equals(v.View.Name, view.Name, StringComparison.OrdinalIgnoreCase)).View is { } twin)
        {
            throw new ArgumentException($"The store already has a view '{twin.Name}'. Give '{view.Name}' another name.", nameof(view));
        }

        if (reconciliation is { Mode: ReconciliationMode.Hybrid })
        {
            _ = view.Accept(new Blending());
        }

        _views.Add((view, reconciliation ?? Reconciliation.Merge));
        if (formerName is not null)
        {
            _ = ViewFolder.NameOf(formerName);
            _renames.Add((formerName, view.Name));
        }

        return this;
    }

    internal void Validate()
    {
        if (EventTimeProperty is null)
        {
            throw new ArgumentException($"The store does not know when an event of type {typeof(TEvent).Name} happened. Call EventTime(e => e.…) in the options.");
        }

        foreach ((string former, string name) in _renames)
        {
            if (_views.Exists(v => string.Equals(v.View.Name, former, StringComparison.OrdinalIgnoreCase)) || _renames.Count(r => string.Equals(r.Former, former, StringComparison.OrdinalIgnoreCase)) > 1)
            {
                throw new ArgumentException($"The former name '{former}' of view '{name}' is the name of a view, or that of another view before. A name can go to one view only, and names that differ in case are the same.");
            }
        }

        // Names that cannot be folders are refused before anything is created.
        _ = ViewFolder.NamesOf(_views.Select(v => v.View.Name));
        ThrowUnlessDefined(Durability);
        ThrowUnlessDefined(Backpressure);
        ThrowUnlessDefined(LateEvents);
        ThrowUnlessLength(AllowedDisorder, nameof(AllowedDisorder));
        ThrowUnlessLength(GracePeriod, nameof(GracePeriod));
        ThrowUnlessLength(FutureBound, nameof(FutureBound));
        ThrowUnlessLength(TimeTravelWindow, nameof(TimeTravelWindow));
        ArgumentOutOfRangeException.ThrowIfLessThan(QueueCapacity, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(SegmentEvents, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(SpeedMemoryBytes, 16L << 20);
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchMemoryBytes ?? long.MaxValue, 16L << 20, nameof(BatchMemoryBytes));
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchThreads ?? 1, 1, nameof(BatchThreads));
        ArgumentNullException.ThrowIfNull(BatchSchedule);
        ArgumentNullException.ThrowIfNull(Rebuilds);
        Rebuilds.Validate();
        ArgumentNullException.ThrowIfNull(Retention);
        ArgumentNullException.ThrowIfNull(TimeProvider);
        ArgumentNullException.ThrowIfNull(LoggerFactory);
    }

    private static void ThrowUnlessLength(TimeSpan length, string option)
    {
        if (length < TimeSpan.Zero || length.Ticks % TimeSpan.TicksPerMicrosecond != 0)
        {
            throw new ArgumentOutOfRangeException(option, length, $"{option} cannot be {length}. Choose a length of time that is not negative, in whole microseconds.");
        }
    }

    private static void ThrowUnlessDefined<TEnum>(TEnum value)
        where TEnum : struct, Enum
    {
        if (!Enum.IsDefined(value))
        {
            throw new ArgumentOutOfRangeException(typeof(TEnum).Name, value, $"Choose one of {string.Join(", ", Enum.GetNames<TEnum>())}.");
        }
    }

    /// <summary>Refuses views whose results cannot be blended.</summary>
    private sealed class Blending : IViewVisitor<TEvent, Expression>
    {
        public Expression Visit<TKey, TResult, TRow>(ViewProgram<TEvent, TKey, TResult, TRow> program)
            where TRow : struct, IState<TRow> => ResultBlend.Of<TResult>(program.Plan.Name);
    }
}
