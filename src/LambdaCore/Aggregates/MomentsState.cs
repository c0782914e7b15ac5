using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>
/// What is kept of numbers in order to tell how they scatter: their number, mean, and sum of squared distances from the mean. No squares of the
/// numbers themselves are summed, so numbers that lie close together far from zero lose nothing: added by Welford's update ("Note on a method for
/// calculating corrected sums of squares and products", 1962), merged by the pairwise formula of Chan, Golub and LeVeque ("Updating formulae and
/// a pairwise algorithm for computing sample variances", 1979).
/// </summary>
/// <remarks>
/// Each step rounds, so the last digits depend on the order in which numbers and layers came together. One number that is NaN or infinite makes
/// everything but the count NaN, in any order. Where finite numbers are so far apart that the squares exceed all doubles, their sum is infinite.
/// </remarks>
internal struct MomentsState : IState<MomentsState>
{
    private long _count;
    private double _mean;
    private double _squares;

    /// <summary>The number of numbers.</summary>
    public readonly long Count => _count;

    /// <summary>The sum of squared distances from the mean: 0 or more, infinite, or NaN.</summary>
    public readonly double Squares => _squares;

    /// <summary>Their mean, 0 if there are none.</summary>
    public readonly double Mean => _mean;

    /// <inheritdoc/>
    public static MomentsState Read(ref ByteReader reader)
    {
        MomentsState state;
        state._count = reader.ReadInt64();
        state._mean = ValueCodec.Read<double>(ref reader);
        state._squares = ValueCodec.Read<double>(ref reader);
        return state._count >= 0 && !(state._squares < 0) && double.IsNaN(state._mean) == double.IsNaN(state._squares) && !double.IsInfinity(state._mean)
            && (state._count > 0 || (state._mean == 0 && state._squares == 0))
            ? state
            : throw new InvalidDataException($"No {state._count} numbers have the mean {state._mean} and the squared distances {state._squares}.");
    }

    /// <summary>Adds a number.</summary>
    public void Add(double value) => Merge(new MomentsState { _count = 1, _mean = double.IsFinite(value) ? value : double.NaN, _squares = double.IsFinite(value) ? 0 : double.NaN });

    /// <inheritdoc/>
    public void Merge(in MomentsState other)
    {
        if (other._count == 0)
        {
            return;
        }

        if (_count == 0)
        {
            this = other;
            return;
        }

        long count = checked(_count + other._count);
        double share = (double)other._count / count;
        double distance = other._mean - _mean;
        if (double.IsNaN(distance))
        {
            _mean = _squares = double.NaN;
        }
        else if (double.IsInfinity(distance))
        {
            _mean = (_mean * (1 - share)) + (other._mean * share);
            _squares = double.PositiveInfinity;
        }
        else
        {
            _mean += distance * share;
            _squares += other._squares + (distance * distance * share * _count);
        }

        _count = count;
    }

    /// <inheritdoc/>
    public readonly void Write(ByteWriter writer)
    {
        writer.WriteInt64(_count);
        ValueCodec.Write(writer, _mean);
        ValueCodec.Write(writer, _squares);
    }
}
