using LambdaCore.DuckDb;
using LambdaCore.Values;

namespace LambdaCore.Batch;

/// <summary>Reads the input of an aggregator from columns that follow each other.</summary>
/// <typeparam name="TSelf">The reader itself.</typeparam>
/// <typeparam name="TInput">The input.</typeparam>
internal interface IInputReader<TSelf, TInput>
    where TSelf : IInputReader<TSelf, TInput>, allows ref struct
{
    /// <summary>A reader of a chunk's columns from one on.</summary>
    static abstract TSelf Over(ChunkReader rows, int column);

    /// <summary>Reads a row.</summary>
    /// <returns>False if a value is missing that must be there.</returns>
    bool TryRead(int row, out TInput value);
}

/// <summary>A value that must be there.</summary>
internal readonly ref struct Required<T>(VectorReader column) : IInputReader<Required<T>, T>
{
    private readonly VectorReader _column = column;

    public static Required<T> Over(ChunkReader rows, int column) => new(rows.Column(column));

    public bool TryRead(int row, out T value)
    {
        if (_column.IsNull(row))
        {
            value = default!;
            return false;
        }

        value = VectorValue.Read<T>(in _column, row);
        return true;
    }
}

/// <summary>A value that may be missing.</summary>
internal readonly ref struct Optional<T>(VectorReader column) : IInputReader<Optional<T>, T?>
    where T : struct
{
    private readonly VectorReader _column = column;

    public static Optional<T> Over(ChunkReader rows, int column) => new(rows.Column(column));

    public bool TryRead(int row, out T? value)
    {
        value = _column.IsNull(row) ? null : VectorValue.Read<T>(in _column, row);
        return true;
    }
}

/// <summary>An object that may be missing.</summary>
internal readonly ref struct OptionalObject<T>(VectorReader column) : IInputReader<OptionalObject<T>, T?>
    where T : class
{
    private readonly VectorReader _column = column;

    public static OptionalObject<T> Over(ChunkReader rows, int column) => new(rows.Column(column));

    public bool TryRead(int row, out T? value)
    {
        value = _column.IsNull(row) ? null : VectorValue.Read<T>(in _column, row);
        return true;
    }
}

/// <summary>The hash of a value that must be there.</summary>
internal readonly ref struct Hashed(VectorReader column) : IInputReader<Hashed, ulong>
{
    private readonly VectorReader _column = column;

    public static Hashed Over(ChunkReader rows, int column) => new(rows.Column(column));

    public bool TryRead(int row, out ulong value)
    {
        bool isThere = !_column.IsNull(row);
        value = isThere ? VectorValue.Hash(in _column, row) : 0;
        return isThere;
    }
}

/// <summary>Two inputs.</summary>
internal readonly ref struct Both<T1, T2, TFirst, TSecond>(TFirst first, TSecond second) : IInputReader<Both<T1, T2, TFirst, TSecond>, (T1, T2)>
    where TFirst : IInputReader<TFirst, T1>, allows ref struct
    where TSecond : IInputReader<TSecond, T2>, allows ref struct
{
    private readonly TFirst _first = first;
    private readonly TSecond _second = second;

    public static Both<T1, T2, TFirst, TSecond> Over(ChunkReader rows, int column) => new(TFirst.Over(rows, column), TSecond.Over(rows, column + 1));

    public bool TryRead(int row, out (T1, T2) value)
    {
        bool isThere = _first.TryRead(row, out T1 first) & _second.TryRead(row, out T2 second);
        value = (first, second);
        return isThere;
    }
}
