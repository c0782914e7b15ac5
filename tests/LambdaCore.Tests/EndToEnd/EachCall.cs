using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>What a disk does at the storage call at which it ends an operation.</summary>
public enum Ending
{
    /// <summary>It refuses this call, and no other.</summary>
    Refusal,

    /// <summary>It is the last of the process.</summary>
    Kill,

    /// <summary>It is the last before the power is cut.</summary>
    PowerCut,
}

/// <summary>One operation, again and again, each time on a new store whose disk ends it at a later storage call, until it comes to its own end.</summary>
internal sealed class EachCall<TEvent>
{
    public required Func<InMemoryStorage, LambdaStore<TEvent>> Open { get; init; }

    public required Func<LambdaStore<TEvent>, Task> Fill { get; init; }

    public required Func<LambdaStore<TEvent>, Task> Operate { get; init; }

    /// <summary>Gets what is done before each storage call of the operation.</summary>
    public Action<LambdaStore<TEvent>>? Meanwhile { get; init; }

    /// <summary>Gets what is checked of the store that goes on after a refusal.</summary>
    public Func<LambdaStore<TEvent>, string, Task>? AfterRefusal { get; init; }

    /// <summary>Gets what is checked of the store that was opened again; it tells whether the operation is done.</summary>
    public required Func<LambdaStore<TEvent>, InMemoryStorage, string, Task<bool>> Check { get; init; }

    /// <summary>Gets how many calls there are at most from one that ends the operation to the next: 1 tries them all.</summary>
    public int LongestStep { get; init; } = 1;

    /// <summary>Gets how many endings must have left it done, and how many not done.</summary>
    public (int Done, int NotDone) AtLeast { get; init; } = (1, 1);

    public async Task RunAsync(Ending ending, Random random)
    {
        (int done, int notDone, int call) = (0, 0, 1);
        for (bool ended = true; ended; call += random.Next(1, LongestStep + 1))
        {
            (bool isDone, ended) = await EndAsync(ending, call, random);
            (done, notDone) = isDone ? (done + 1, notDone) : (done, notDone + 1);
            Assert.That(isDone || ended, $"{ending} at call {call}: came to its end, and is not done");
        }

        TestContext.Out.WriteLine($"{ending}, up to call {call}: done {done} times, not done {notDone} times");
        Assert.That(done, Is.AtLeast(AtLeast.Done));
        Assert.That(notDone, Is.AtLeast(AtLeast.NotDone));
    }

    private async Task<(bool IsDone, bool Ended)> EndAsync(Ending ending, int call, Random random)
    {
        string where = $"{ending} at call {call}";
        InMemoryStorage disk = new();
        LambdaStore<TEvent> store = Open(disk);
        await Fill(store);
        int calls = 0;
        disk.BeforeCall = _ =>
        {
            Meanwhile?.Invoke(store);
            int now = Interlocked.Increment(ref calls);
            if (ending == Ending.Refusal ? now == call : now >= call)
            {
                throw new StorageException("The disk refuses.");
            }
        };
        try
        {
            await Operate(store);
        }
        catch (LambdaCoreException) when (calls >= call)
        {
        }

        bool ended = calls >= call;
        if (ending == Ending.Refusal)
        {
            disk.BeforeCall = null;
            if (AfterRefusal is not null && ended)
            {
                await AfterRefusal(store, where);
            }
        }

        await CloseAsync(store);
        using InMemoryStorage left = ending switch
        {
            Ending.Kill => disk.Kill(),
            Ending.PowerCut => disk.Crash(random),
            _ => disk,
        };
        if (left != disk)
        {
            disk.Dispose();
        }

        await using LambdaStore<TEvent> again = Open(left);
        return (await Check(again, left, where), ended);
    }

    private static async Task CloseAsync(LambdaStore<TEvent> store)
    {
        try
        {
            await store.DisposeAsync();
        }
        catch (LambdaCoreException)
        {
            // The disk may be gone.
        }
    }
}
