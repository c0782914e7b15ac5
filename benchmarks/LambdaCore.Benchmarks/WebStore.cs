using LambdaCore.Storage;

namespace LambdaCore.Benchmarks;

/// <summary>A store of web traffic with the three views, in a folder of its own that goes with it.</summary>
internal sealed class WebStore : IAsyncDisposable
{
    private const int BatchesInFlight = 8;

    private readonly ScratchFolder _folder;

    private WebStore(ScratchFolder folder, LambdaStore<PageEvent> store)
    {
        _folder = folder;
        Store = store;
    }

    public LambdaStore<PageEvent> Store { get; }

    public string Folder => _folder.Path;

    /// <summary>The store's disk, to look at its files.</summary>
    public IStorage Storage => new PhysicalStorage(_folder.Path);

    /// <summary>Physical paths of the sealed segments.</summary>
    public string[] Segments => [.. Directory.GetFiles(Path.Combine(Folder, "log"), "*.parquet").Order(StringComparer.Ordinal)];

    public static async Task<WebStore> OpenAsync(Durability durability = Durability.Fsync)
    {
        ScratchFolder folder = ScratchFolder.Create();
        LambdaStore<PageEvent> store = await LambdaStore.OpenAsync<PageEvent>(folder.Path, o =>
        {
            o.Durability = durability;
            o.EventTime(e => e.Timestamp);
            foreach (ViewDefinition<PageEvent> view in WebViews.All)
            {
                o.AddView(view);
            }
        });
        return new WebStore(folder, store);
    }

    /// <summary>Appends events in batches, several of them under way at a time.</summary>
    public async Task AppendAsync(ReadOnlyMemory<PageEvent> events, int batch)
    {
        Queue<Task> pending = [];
        for (int i = 0; i < events.Length; i += batch)
        {
            if (pending.Count == BatchesInFlight)
            {
                await pending.Dequeue();
            }

            pending.Enqueue(Store.AppendAsync(events.Slice(i, Math.Min(batch, events.Length - i))).AsTask());
        }

        await Task.WhenAll(pending);
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        _folder.Dispose();
    }
}
