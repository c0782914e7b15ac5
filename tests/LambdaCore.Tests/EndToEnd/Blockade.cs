using LambdaCore.Storage;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>Holds up every flush of a storage until it is lifted.</summary>
internal sealed class Blockade : IDisposable
{
    private readonly InMemoryStorage _storage;
    private readonly ManualResetEventSlim _lifted = new();
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Blockade(InMemoryStorage storage) => _storage = storage;

    public Task Reached => _reached.Task;

    public void Begin() => _storage.BeforeCall = call =>
    {
        if (call.Operation == StorageOperation.Flush)
        {
            _reached.TrySetResult();
            _lifted.Wait();
        }
    };

    public void Lift() => _lifted.Set();

    public void Dispose()
    {
        _lifted.Set();
        _storage.BeforeCall = null;
    }
}
