namespace LambdaCore.Storage;

/// <content>How its life ends, and what is left then.</content>
internal sealed partial class InMemoryStorage
{
    /// <summary>Cuts the power: this storage is dead, and what is returned has what the medium has.</summary>
    /// <param name="random">Decides what of the unflushed survives.</param>
    public InMemoryStorage Crash(Random random)
    {
        lock (Gate)
        {
            InMemoryStorage left = AfterPowerCut(random);
            _isOff = true;
            foreach ((InMemoryStorage fork, _) in _forks.Values)
            {
                fork.Dispose();
            }

            _forks.Clear();
            return left;
        }
    }

    /// <summary>What the medium would have if the power were cut now. This storage goes on.</summary>
    /// <param name="random">Decides what of the unflushed survives.</param>
    public InMemoryStorage AfterPowerCut(Random random)
    {
        lock (Gate)
        {
            PowerCut cut = new(random);
            var survivors = new Dictionary<InMemoryContent, InMemoryContent>();
            var folders = new Dictionary<string, InMemoryFolder>();
            foreach ((string name, InMemoryFolder folder) in _folders.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                if (name.Length > 0 && (!folders.ContainsKey(StoragePath.FolderOf(name)) || (!folder.IsDurable && !cut.NameIsAsSeen())))
                {
                    continue;
                }

                folders[name] = folder.AfterPowerCut(cut, content =>
                    survivors.TryGetValue(content, out InMemoryContent? survivor)
                        ? survivor
                        : survivors[content] = content.AfterPowerCut(cut));
            }

            InMemoryStorage left = new(folders);
            foreach ((string target, (InMemoryStorage fork, bool isDurable)) in _forks.OrderBy(f => f.Key, StringComparer.Ordinal))
            {
                if (isDurable || random.Next(2) == 0)
                {
                    left._forks[target] = (fork.AfterPowerCut(random), true);
                }
            }

            return left;
        }
    }

    /// <summary>Kills the process: this storage is dead, and what is returned has all that was handed to the operating
    /// system, still unflushed where it was.</summary>
    public InMemoryStorage Kill()
    {
        lock (Gate)
        {
            _isOff = true;
            InMemoryStorage left = new(_folders);
            foreach ((string target, (InMemoryStorage Storage, bool IsDurable) fork) in _forks)
            {
                left._forks[target] = fork;
            }

            _forks.Clear();
            return left;
        }
    }

    /// <summary>What the next process would find if this one were killed now. This storage goes on; its forks are not in the copy.</summary>
    public InMemoryStorage AfterKill()
    {
        lock (Gate)
        {
            Dictionary<InMemoryContent, InMemoryContent> copies = [];
            return new InMemoryStorage(_folders.ToDictionary(
                f => f.Key,
                f => f.Value.Copy(content => copies.TryGetValue(content, out InMemoryContent? copy) ? copy : copies[content] = content.Copy())));
        }
    }

    /// <summary>A number that two storages share only if their readers see the same names and contents, and if what is not on the medium is of the same files.</summary>
    public ulong Print
    {
        get
        {
            lock (Gate)
            {
                ulong sum = 0;
                foreach ((string folder, InMemoryFolder names) in _folders)
                {
                    sum += names.Print(folder);
                }

                foreach ((InMemoryStorage fork, bool isDurable) in _forks.Values)
                {
                    sum += (fork.Print * 0x9E3779B97F4A7C15) + (isDurable ? 1UL : 0);
                }

                return sum;
            }
        }
    }
}
