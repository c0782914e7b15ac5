using LambdaCore.Aggregates;
using LambdaCore.Batch;
using LambdaCore.Changes;
using LambdaCore.Diagnostics;
using LambdaCore.DuckDb;
using LambdaCore.Log;
using LambdaCore.Rebuilds;
using LambdaCore.Running;
using LambdaCore.Serving;
using LambdaCore.Speed;
using LambdaCore.Storage;
using LambdaCore.Tables;
using LambdaCore.Views;
using Microsoft.Extensions.Logging;

namespace LambdaCore;

/// <summary>
/// Opens a store: the log first, which is the truth; then each view's batch view, if it is of use; then the speed layer, from the
/// sealed events that no batch view covers and from the write-ahead tail.
/// </summary>
internal static class StoreOpening
{
    /// <summary>The file that the holder of a store locks.</summary>
    public const string LockFile = "LOCK";

    private const string SpeedFolder = "speed";

    /// <summary>Opens a store in a folder of this machine.</summary>
    /// <exception cref="ArgumentException">DuckDB would take the folder's name for a pattern.</exception>
    public static LambdaStore<TEvent> Open<TEvent>(string folder, LambdaStoreOptions<TEvent> options)
    {
        ThrowIfPattern(folder);
        return Open(folder, new PhysicalStorage(folder), options);
    }

    /// <summary>Refuses a folder whose name DuckDB would take for a pattern.</summary>
    /// <exception cref="ArgumentException">It would.</exception>
    public static void ThrowIfPattern(string folder)
    {
        if (folder.AsSpan().ContainsAny('*', '?', '['))
        {
            throw new ArgumentException($"A store cannot live in '{folder}': DuckDB takes '*', '?' and '[' in the name of a file for a pattern. Choose a folder without them.", nameof(folder));
        }
    }

    /// <summary>Opens a store on any storage.</summary>
    /// <param name="folder">The name of the store in messages.</param>
    /// <param name="storage">Where it lives.</param>
    /// <param name="options">What it keeps, and how.</param>
    public static LambdaStore<TEvent> Open<TEvent>(string folder, IStorage storage, LambdaStoreOptions<TEvent> options)
    {
        Stack<IDisposable> opened = new();
        try
        {
            ILogger logger = new QuietLogger(options.LoggerFactory.CreateLogger("LambdaCore"));
            IDisposable folderLock = Keep(storage.Lock(LockFile));
            storage.ClearScratch();
            DuckDbEngine duckDb = Keep(new DuckDbEngine(DuckDbOptionsOf(storage, options), connection => RegisterFunctions(connection, options.Views.Select(v => v.View.Plan))));
            EventCodec<TEvent> codec = new(options.Schema, options.EventTimeProperty!, options.AmendmentProperties);
            EventLog<TEvent> log = Keep(EventLog<TEvent>.Open(storage, duckDb, codec, LogOptionsOf(options), options.TimeProvider, logger));
            SpeedLayer<TEvent> speed = Keep(new SpeedLayer<TEvent>(
                new SpeedOptions(storage, SpeedFolder) { MemoryBytes = options.SpeedMemoryBytes }, log.SealedEnd));
            Progress progress = new(log.SealedEnd, log.SealedTally(log.SealedEnd), log.SealedIngestedAt);
            BatchRunner<TEvent>? batches = null;
            BatchScheduler<TEvent>? scheduler = null;
            ServingContext<TEvent> context = new(
                speed, progress, () => log.Acknowledged, log.SealedTally, (view, damage) => batches!.RepairAsync(view, damage), () => batches!.LastRunFailed, options.TimeProvider, codec.EventTimeProperty.Name)
            {
                AmendedEnd = () => log.AmendedEnd,
            };
            BatchContext batchContext = new(
                storage, duckDb, log.Segments, () => log.Dropped, log.StoreId, codec.EventTimeProperty.Name, BatchMemoryBytesOf(options), options.TimeProvider, logger)
            {
                Schema = log.Schema,
                Revision = () => log.Revision,
                IsRewritten = log.IsRewritten,
                RewrittenSince = log.RewrittenSince,
                Materialise = log.Materialise,
            };
            ViewRename renames = new(storage, options.TimeProvider, log.StoreId, () => log.Dropped, log.MoveArchive);
            foreach ((string former, string name) in options.Renames)
            {
                renames.Run(former, name);
            }

            List<ServedView<TEvent>> views = [];
            foreach ((ViewDefinition<TEvent> definition, Reconciliation reconciliation) in options.Views)
            {
                ServedView<TEvent> view = definition.Accept(new Serve<TEvent>(batchContext, log.SealedEnd, options, context, reconciliation));
                views.Add(view);
                opened.Push(new Closing(view.Close));
            }

            foreach (ServedView<TEvent> view in views.Where(v => v.SpeedStart < log.SealedEnd))
            {
                LogRange missing = new(view.SpeedStart, log.SealedEnd);
                view.LoadSpeed(visit => view.Batch.Visit(missing, KeyRestriction.None, visit, CancellationToken.None));
            }

            SpeedConsumer<TEvent> consumer = new(speed, progress, () => scheduler?.OnApplied());
            log.Replay(consumer);
            log.Start(consumer);
            batches = new BatchRunner<TEvent>(log, speed, batchContext, views, new DriftLog(options.AuditDrift, logger), options.TimeProvider, logger)
            {
                Retention = options.Retention,
                ClosedViews = ClosedViews,
            };
            if (!options.BatchSchedule.IsByHand)
            {
                scheduler = new BatchScheduler<TEvent>(options.BatchSchedule, options.RetryVariation, options.TimeProvider, batches, log, progress, logger);
                scheduler.Start();
            }

            RebuildWorker<TEvent> rebuilds = new(new RebuildContext<TEvent>(batches, log, options.Rebuilds, options.HoldsRebuilds, options.TimeProvider, logger));
            OpenStore<TEvent> parts = new()
            {
                Folder = folder,
                FolderLock = folderLock,
                DuckDb = duckDb,
                Log = log,
                Speed = speed,
                Progress = progress,
                Batches = batches,
                Maintenance = new StoreMaintenance<TEvent>(storage, log, batches, views, options.TimeTravelWindow, options.TimeProvider, logger),
                Fork = new StoreFork<TEvent>(storage, log, batches, options.TimeProvider, logger),
                Changes = new LogChanges<TEvent>(log, batches, duckDb, options.Schema, options.AmendmentProperties, options.TimeProvider),
                Scheduler = scheduler,
                Rebuilds = rebuilds,
                Erasure = new LogErasure<TEvent>
                {
                    Storage = storage,
                    DuckDb = duckDb,
                    Log = log,
                    Batches = batches,
                    Rebuilds = rebuilds,
                    Speed = speed,
                    Progress = progress,
                    Views = views,
                    TimeTravelWindow = options.TimeTravelWindow,
                },
                Views = views,
                ViewsByName = views.ToDictionary(v => v.Plan.Name, StringComparer.Ordinal),
                Clock = options.TimeProvider,
                Logger = logger,
                Storage = storage,
                ClosedViews = ClosedViews,
                Description = StoreDescription.Of(folder, options),
            };
            parts.Rebuilds.Resume(views);
            LogMessages.StoreOpened(logger, log.End.Value, log.SealedEnd.Value, parts.Description);
            return new LambdaStore<TEvent>(parts);
        }
        catch
        {
            while (opened.TryPop(out IDisposable? part))
            {
                try
                {
                    part.Dispose();
                }
                catch (LambdaCoreException)
                {
                    // What keeps a store from opening may also keep a part from closing. The first error says more, and the lock has to go.
                }
            }

            throw;
        }

        IReadOnlyList<string> ClosedViews() => [.. ViewFolder.StoredViews(storage).Except(options.Views.Select(v => v.View.Name), StringComparer.Ordinal)];

        T Keep<T>(T part)
            where T : IDisposable
        {
            opened.Push(part);
            return part;
        }
    }

    private static DuckDbOptions DuckDbOptionsOf<TEvent>(IStorage storage, LambdaStoreOptions<TEvent> options) => new()
    {
        AllowedDirectories = [storage.PhysicalFolder],
        TempDirectory = storage.ScratchFolder,
        MemoryLimitBytes = options.BatchMemoryBytes,
        Threads = options.BatchThreads,
    };

    /// <summary>What DuckDB would take by itself if nothing was said: 80 % of the memory that the process may use.</summary>
    private static long BatchMemoryBytesOf<TEvent>(LambdaStoreOptions<TEvent> options) =>
        options.BatchMemoryBytes ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 10 * 8;

    private static EventLogOptions LogOptionsOf<TEvent>(LambdaStoreOptions<TEvent> options) => new()
    {
        Durability = options.Durability,
        Backpressure = options.Backpressure,
        QueueCapacity = options.QueueCapacity,
        SegmentEvents = options.SegmentEvents,
        MaxEventBytes = (int)Math.Min(BatchMemoryBytesOf(options) / 16, EventLogOptions.LargestEventBytes),
        WriteAhead = options.WriteAhead,
        Times = new EventTimeRules(
            Microseconds(options.AllowedDisorder), Microseconds(options.GracePeriod), options.LateEvents, Microseconds(options.FutureBound)),
    };

    private static long Microseconds(TimeSpan length) => length.Ticks / TimeSpan.TicksPerMicrosecond;

    private static void RegisterFunctions(DuckDbConnection connection, IEnumerable<ViewPlan> plans)
    {
        ScalarFunctions.Register(connection, plans.SelectMany(p => p.Callbacks));
        CodeAggregates.Register(connection, plans.SelectMany(p => p.Aggregates).Select(a => a.Function));
    }

    private sealed class Serve<TEvent>(BatchContext batches, LogPosition sealedEnd, LambdaStoreOptions<TEvent> options, ServingContext<TEvent> serving, Reconciliation reconciliation)
        : IViewVisitor<TEvent, ServedView<TEvent>>
    {
        public ServedView<TEvent> Visit<TKey, TResult, TRow>(ViewProgram<TEvent, TKey, TResult, TRow> program)
            where TRow : struct, IState<TRow>
        {
            BatchTable batch = new(batches, program.Plan, LayerMerge.ByKey<TRow>, RollUpMerge.ByMappedKey<TRow>);
            IReadOnlyList<BatchView> loaded = batch.Load(sealedEnd);
            ServingSnapshot layers = new(loaded, loaded.Count == 0 ? batch.RawStart : loaded[0].Range.Start, batch.Revision);
            bool isRebuilding = options.Rebuilds.InBackground && layers.Batches.Count == 0 && sealedEnd.Value - layers.Start.Value > options.Rebuilds.FoldedAtOpening;
            LogPosition speedStart = isRebuilding || options.AnswersFromLog ? sealedEnd : layers.End;
            return new ServedView<TEvent, TKey, TResult, TRow>(program, batch, layers, speedStart, serving, reconciliation) { IsRebuilding = isRebuilding };
        }
    }

    private sealed class Closing(Action close) : IDisposable
    {
        public void Dispose() => close();
    }
}
