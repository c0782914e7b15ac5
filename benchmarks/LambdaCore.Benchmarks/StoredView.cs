using LambdaCore.Aggregates;
using LambdaCore.Batch;
using LambdaCore.Speed;
using LambdaCore.Storage;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Benchmarks;

/// <summary>The states of one view of web traffic, taken out of the files of a store, in each of the structures that a store reads from.</summary>
internal abstract class StoredView : IDisposable
{
    /// <summary>Reads a key from the mapped file, and its state.</summary>
    public abstract bool ReadLookupFile(ReadOnlySpan<byte> key);

    /// <summary>Reads a key from the hash table, and merges its state into an empty one.</summary>
    public abstract bool ReadKeyTable(ReadOnlySpan<byte> key);

    /// <summary>Reads a key from FASTER, and its state.</summary>
    public abstract bool ReadSpillStore(ReadOnlySpan<byte> key);

    public abstract void Dispose();

    /// <summary>Takes the states out of a store that has just run a batch.</summary>
    public static StoredView Of(WebStore store, ViewDefinition<PageEvent> view) => view.Accept(new Maker(store));

    /// <summary>A key of one string as the library encodes it.</summary>
    public static byte[] Encode(string key)
    {
        ByteWriter writer = new();
        KeyWriter.Write(writer, key);
        return writer.Written.ToArray();
    }

    private sealed class Maker(WebStore store) : IViewVisitor<PageEvent, StoredView>
    {
        public StoredView Visit<TKey, TResult, TRow>(ViewProgram<PageEvent, TKey, TResult, TRow> program)
            where TRow : struct, IState<TRow>
        {
            string folder = $"views/{program.Plan.Name}/_lookup";
            string path = $"{folder}/{store.Storage.List(folder).Single()}";
            return new WithRow<TRow>(LookupFile.Open(store.Storage.Map(path), path, program.Plan.Fingerprint, new LogRange(LogPosition.Zero, store.Store.Position)));
        }
    }

    private sealed class WithRow<TRow> : StoredView
        where TRow : struct, IState<TRow>
    {
        private readonly ScratchFolder _folder = ScratchFolder.Create();
        private readonly KeyTable<TRow> _table = new();
        private readonly LookupFile _lookup;
        private readonly SpillStore _spill;
        private readonly SpillSession _session;

        public WithRow(LookupFile lookup)
        {
            _lookup = lookup;
            _spill = new SpillStore(new SpeedOptions(new PhysicalStorage(_folder.Path), "speed"));
            _session = _spill.Rent();
            LookupFile.Enumerator rows = lookup.Scan(KeyRange.All.Low, KeyRange.All.High);
            while (rows.MoveNext())
            {
                TRow row = Read(rows.State);
                _table.GetOrAdd(rows.Key, XxHash64.Hash(rows.Key)).Merge(in row);
                _spill.Write(0, rows.Key, rows.State, replaced: 0);
            }
        }

        public override bool ReadLookupFile(ReadOnlySpan<byte> key)
        {
            if (!_lookup.TryGet(key, XxHash64.Hash(key), out ReadOnlySpan<byte> state))
            {
                return false;
            }

            Read(state);
            return true;
        }

        public override bool ReadKeyTable(ReadOnlySpan<byte> key)
        {
            int number = _table.Find(key, XxHash64.Hash(key));
            if (number < 0)
            {
                return false;
            }

            TRow row = default;
            row.Merge(in _table.Row(number));
            return true;
        }

        public override bool ReadSpillStore(ReadOnlySpan<byte> key)
        {
            if (_session.Read(0, key, out ByteReader state, out _) == 0)
            {
                return false;
            }

            TRow.Read(ref state);
            return true;
        }

        public override void Dispose()
        {
            _spill.Return(_session);
            _spill.Dispose();
            _lookup.Dispose();
            _folder.Dispose();
        }

        private static unsafe TRow Read(ReadOnlySpan<byte> state)
        {
            fixed (byte* start = state)
            {
                ByteReader reader = new(start, state.Length);
                return TRow.Read(ref reader);
            }
        }
    }
}
