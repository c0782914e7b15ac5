namespace LambdaCore.Storage;

/// <summary>A copy of an <see cref="InMemoryStorage"/>. What fails there, fails here: its calls are told with the target before their paths.</summary>
internal sealed class InMemoryFork : IStorageFork
{
    private readonly InMemoryStorage _from;
    private readonly string _target;
    private readonly InMemoryStorage _copy;
    private bool _isPublished;

    public InMemoryFork(InMemoryStorage from, string target)
    {
        _from = from;
        _target = target;
        _copy = new InMemoryStorage { Ids = from.NewId };
        _copy.BeforeCall = call =>
        {
            lock (from.Gate)
            {
                from.Reach(call.Operation, $"{target}/{call.Path}");
            }
        };
    }

    public IStorage Storage => _copy;

    public void Link(string folder) => _from.LinkTo(_copy, folder);

    public void Publish()
    {
        _copy.FlushFolder("");
        try
        {
            _from.Publish(_copy, _target);
        }
        finally
        {
            _isPublished = _from.HasFork(_target);
            _copy.BeforeCall = null;
        }
    }

    public void Dispose()
    {
        if (!_isPublished)
        {
            _copy.Dispose();
        }
    }
}
