using System.Reflection;
using LambdaCore.Aggregates;
using LambdaCore.DuckDb;
using LambdaCore.Values;
using LambdaCore.Views;

namespace LambdaCore.Batch;

/// <summary>
/// Encoded keys and states on their way back into the columns of a batch view: a temporary table of DuckDB, which spills as
/// everything of DuckDB's does, to be copied to Parquet. The reverse of <see cref="StateRows.Visit"/>: where keys have sessions, a row for each.
/// </summary>
/// <remarks>Not thread-safe. The table goes with its connection, which is used for nothing else.</remarks>
internal sealed unsafe class StateTable : IDisposable
{
    private const string Name = "lambdacore_states";

    /// <summary>Bytes after which rows are handed over, though a chunk has room for more.</summary>
    private const int ChunkBytes = 4 << 20;

    private readonly DuckDbConnection _connection;
    private readonly DuckDbAppender _appender;
    private readonly KeyColumn[] _keys;
    private readonly KeyColumn? _session;
    private readonly StateReader[] _states;
    private readonly ByteWriter _keyBytes = new();
    private readonly ByteWriter _stateBytes = new();
    private readonly int[] _keyEnds = new int[DuckDbAppender.Capacity];
    private readonly int[] _stateEnds = new int[DuckDbAppender.Capacity];
    private readonly long[] _firstTimes = new long[DuckDbAppender.Capacity];
    private readonly long[] _lastTimes = new long[DuckDbAppender.Capacity];
    private readonly ByteReader[] _readers = new ByteReader[DuckDbAppender.Capacity];
    private readonly ByteReader[] _ends = new ByteReader[DuckDbAppender.Capacity];
    private int _rows;
    private long _allRows;

    /// <summary>Creates an empty table.</summary>
    /// <param name="connection">The connection that it lives as long as.</param>
    /// <param name="plan">The view.</param>
    public StateTable(DuckDbConnection connection, ViewPlan plan)
    {
        _connection = connection;
        _keys = [.. plan.Keys];
        _session = plan.SessionKey;
        _states = [.. plan.Aggregates.Select(a => new StateReader(a))];
        IEnumerable<string> columns = plan.RowKeys.Select(k => $"{Sql.Name(k.Name)} {StoredType.Sql(k.Type.Kind)}")
            .Concat(plan.StateColumns.Select(c => $"{Sql.Name(c.Name)} {StoredType.Sql(c.Column.Type.Kind)}"));
        connection.Execute($"CREATE TEMP TABLE {Name} ({string.Join(", ", columns)})");
        _appender = connection.Append(Name);
    }

    /// <summary>Adds what is kept for a key: a row, or one for each of its sessions.</summary>
    /// <param name="key">The encoded key.</param>
    /// <param name="state">The encoded states.</param>
    public void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> state)
    {
        if (_session is null)
        {
            AddRow(key, state);
            return;
        }

        fixed (byte* start = state)
        {
            ByteReader reader = new(start, state.Length);
            for (int left = SessionBytes.ReadHeader(ref reader).Count; left > 0; left--)
            {
                (_firstTimes[_rows], _lastTimes[_rows]) = SessionBytes.ReadBounds(ref reader);
                int from = state.Length - (int)reader.Remaining;
                foreach (StateReader aggregate in _states)
                {
                    aggregate.PassOver(ref reader);
                }

                AddRow(key, state[from..^(int)reader.Remaining]);
            }
        }
    }

    /// <summary>Hands over what still waits: whether all bytes were keys and states, is known then.</summary>
    /// <exception cref="InvalidDataException">Some were not.</exception>
    public void Complete()
    {
        AppendChunk();
        _appender.Complete();
    }

    /// <summary>Writes the rows to a Parquet file, in the order in which they came.</summary>
    /// <param name="path">A physical path that no file has.</param>
    /// <returns>Their number.</returns>
    public long CopyTo(string path)
    {
        Complete();
        _connection.Execute($"COPY {Name} TO {Sql.Text(path)} {BatchFormat.Parquet}");
        return _allRows;
    }

    /// <inheritdoc/>
    public void Dispose() => _appender.Dispose();

    private void AddRow(ReadOnlySpan<byte> key, ReadOnlySpan<byte> state)
    {
        _keyBytes.WriteRaw(key);
        _stateBytes.WriteRaw(state);
        _keyEnds[_rows] = _keyBytes.Length;
        _stateEnds[_rows] = _stateBytes.Length;
        if (++_rows == DuckDbAppender.Capacity || _keyBytes.Length + _stateBytes.Length > ChunkBytes)
        {
            AppendChunk();
        }
    }

    private void AppendChunk()
    {
        int column = 0;
        fixed (byte* keys = _keyBytes.Written)
        {
            Begin(keys, _keyEnds);
            foreach (KeyColumn key in _keys)
            {
                VectorWriter target = _appender.Column(column++);
                if (key == _session)
                {
                    _firstTimes.AsSpan(0, _rows).CopyTo(target.Values<long>());
                    continue;
                }

                for (int row = 0; row < _rows; row++)
                {
                    ColumnTranscoder.ReadKey(key.Type, ref _readers[row], ref target, row);
                }
            }

            CheckAllIsRead("key");
        }

        if (_session is not null)
        {
            _lastTimes.AsSpan(0, _rows).CopyTo(_appender.Column(column++).Values<long>());
        }

        fixed (byte* states = _stateBytes.Written)
        {
            Begin(states, _stateEnds);
            foreach (StateReader state in _states)
            {
                state.Read(_appender, ref column, _readers.AsSpan(0, _rows), _ends);
            }

            CheckAllIsRead("state");
        }

        _appender.AppendChunk(_rows);
        _allRows += _rows;
        _keyBytes.Clear();
        _stateBytes.Clear();
        _rows = 0;
    }

    private void Begin(byte* bytes, int[] ends)
    {
        int start = 0;
        for (int row = 0; row < _rows; row++)
        {
            _readers[row] = new ByteReader(bytes + start, ends[row] - start);
            start = ends[row];
        }
    }

    private void CheckAllIsRead(string what)
    {
        for (int row = 0; row < _rows; row++)
        {
            if (_readers[row].Remaining != 0)
            {
                throw new InvalidDataException($"The bytes of a {what} go on for {_readers[row].Remaining} bytes behind its last column.");
            }
        }
    }

    /// <summary>Reads the columns of one aggregate's states.</summary>
    private sealed class StateReader
    {
        private readonly ScalarType[] _types;
        private readonly bool _hasSketch;
        private readonly PassOverState _passOver;

        public StateReader(PlannedAggregate aggregate)
        {
            _types = [.. aggregate.Columns.Select(c => c.Column.Type)];
            int sketch = Array.FindIndex(_types, t => t.Kind == ValueKind.Sketch);
            if (sketch >= 0 && sketch < _types.Length - 1)
            {
                throw new NotSupportedException($"The state of {aggregate.Function.Name} has columns behind a sketch, whose bytes do not say where they end. Put the sketch last.");
            }

            _hasSketch = sketch >= 0;
            _passOver = typeof(StateReader).GetMethod(nameof(PassOverAny), BindingFlags.NonPublic | BindingFlags.Static)!
                .MakeGenericMethod(aggregate.Function.State).CreateDelegate<PassOverState>();
        }

        private delegate void PassOverState(ref ByteReader reader);

        /// <summary>Goes to the end of a state.</summary>
        public void PassOver(ref ByteReader reader) => _passOver(ref reader);

        /// <summary>Reads the state of each row into the next columns.</summary>
        public void Read(DuckDbAppender appender, ref int column, Span<ByteReader> rows, Span<ByteReader> ends)
        {
            for (int row = 0; _hasSketch && row < rows.Length; row++)
            {
                ends[row] = rows[row];
                PassOver(ref ends[row]);
            }

            foreach (ScalarType type in _types)
            {
                VectorWriter target = appender.Column(column++);
                for (int row = 0; row < rows.Length; row++)
                {
                    if (type.Kind == ValueKind.Sketch)
                    {
                        target.SetBytes(row, rows[row].ReadRaw(rows[row].Remaining - ends[row].Remaining));
                    }
                    else
                    {
                        ColumnTranscoder.ReadState(type, ref rows[row], ref target, row);
                    }
                }
            }
        }

        private static void PassOverAny<TState>(ref ByteReader reader)
            where TState : struct, IState<TState> => TState.Read(ref reader);
    }
}
