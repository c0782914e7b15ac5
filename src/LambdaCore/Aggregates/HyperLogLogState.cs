using LambdaCore.Values;

namespace LambdaCore.Aggregates;

/// <summary>
/// A HyperLogLog sketch: what is kept of a set of 64-bit hashes in order to estimate how many there are (Flajolet, Fusy,
/// Gandouet, Meunier 2007). Small sets are kept sparsely, as in HyperLogLog++ (Heule, Nunkesser, Hall 2013, section 5.3):
/// one code per distinct first 25 bits, exact for practical purposes. Above <c>3 * 2^(precision - 4)</c> codes it is dense:
/// one byte for each of the 2^precision registers.
/// </summary>
/// <remarks>
/// <para>Content and bytes are a function of the set of hashes alone, whatever the order and grouping in which they came:
/// a code keeps the greatest rank of its index, the change of form depends on the number of distinct indexes, and a code
/// says all that its register needs to know.</para>
/// <para>Bytes: 0 for the sketch of nothing; else the precision, then a varint count, and that many codes in ascending
/// order, four bytes each, little-endian; or the count 0 and the registers, one byte each.</para>
/// <para>A copy of the struct shares its memory with the original: treat it as moved.</para>
/// </remarks>
internal struct HyperLogLogState : IState<HyperLogLogState>
{
    /// <summary>The smallest precision: 16 registers, 26 % standard error.</summary>
    public const int LeastPrecision = 4;

    /// <summary>The greatest precision: 262,144 registers, 0.2 % standard error.</summary>
    public const int GreatestPrecision = 18;

    private uint[]? _codes;
    private byte[]? _registers;
    private int _count;
    private byte _precision;

    /// <summary>Whether the sketch has its dense form.</summary>
    public readonly bool IsDense => _registers is not null;

    /// <summary>The precision; 0 for the sketch of nothing.</summary>
    public readonly int Precision => _precision;

    /// <inheritdoc/>
    public static HyperLogLogState Read(ref ByteReader reader)
    {
        HyperLogLogState state = default;
        byte precision = reader.ReadByte();
        if (precision == 0)
        {
            return state;
        }

        if (precision is < LeastPrecision or > GreatestPrecision)
        {
            throw new InvalidDataException($"A sketch has precision {precision}, outside {LeastPrecision} to {GreatestPrecision}.");
        }

        state._precision = precision;
        uint count = reader.ReadVarint();
        if (count == 0)
        {
            state._registers = DenseRegisters.Read(ref reader, precision);
            return state;
        }

        if (count > SparseCodes.Limit(precision))
        {
            throw new InvalidDataException($"A sparse sketch of precision {precision} has {count} codes, above {SparseCodes.Limit(precision)}.");
        }

        state._count = (int)count;
        state._codes = SparseCodes.Read(ref reader, (int)count);
        return state;
    }

    /// <summary>Adds a hash.</summary>
    /// <param name="precision">The number of bits that choose a register; the same for all of a sketch's hashes.</param>
    /// <param name="hash">A hash whose bits are as good as random.</param>
    public void Add(int precision, ulong hash)
    {
        byte[]? registers = _registers;
        if (registers is not null && registers.Length == 1 << precision)
        {
            DenseRegisters.Add(registers, precision, hash);
        }
        else
        {
            Check(precision);
            AddCode(SparseCodes.Of(hash));
        }
    }

    /// <inheritdoc/>
    public void Merge(in HyperLogLogState other)
    {
        if (other._precision == 0)
        {
            return;
        }

        if (_precision == 0)
        {
            this = other;
            _codes = (uint[]?)other._codes?.Clone();
            _registers = (byte[]?)other._registers?.Clone();
            return;
        }

        Check(other._precision);
        if (other._registers is not null)
        {
            MergeDense(other._registers);
            return;
        }

        foreach (uint code in other._codes!)
        {
            if (code != 0)
            {
                AddCode(code);
            }
        }
    }

    /// <inheritdoc/>
    public readonly void Write(ByteWriter writer)
    {
        writer.WriteByte(_precision);
        if (_registers is not null)
        {
            writer.WriteVarint(0);
            writer.WriteRaw(_registers);
        }
        else if (_codes is not null)
        {
            writer.WriteVarint((uint)_count);
            SparseCodes.Write(writer, _codes, _count);
        }
    }

    /// <summary>The estimated number of distinct hashes.</summary>
    public readonly double Estimate() =>
        _registers is not null ? DenseRegisters.Estimate(_registers) : SparseCodes.Estimate(_count);

    private void Check(int precision)
    {
        if (_precision == 0)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(precision, LeastPrecision);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(precision, GreatestPrecision);
            _precision = (byte)precision;
        }
        else if (_precision != precision)
        {
            throw new InvalidOperationException($"A sketch of precision {_precision} cannot take in one of precision {precision}.");
        }
    }

    private void AddCode(uint code)
    {
        if (_registers is not null)
        {
            DenseRegisters.AddCode(_registers, _precision, code);
        }
        else if (SparseCodes.Add(ref _codes, ref _count, code) && _count > SparseCodes.Limit(_precision))
        {
            byte[] registers = new byte[1 << _precision];
            AddCodesTo(registers);
            MakeDense(registers);
        }
    }

    private void MergeDense(byte[] others)
    {
        if (_registers is not null)
        {
            DenseRegisters.Merge(_registers, others);
            return;
        }

        byte[] registers = [.. others];
        AddCodesTo(registers);
        MakeDense(registers);
    }

    private readonly void AddCodesTo(byte[] registers)
    {
        foreach (uint code in _codes ?? [])
        {
            if (code != 0)
            {
                DenseRegisters.AddCode(registers, _precision, code);
            }
        }
    }

    private void MakeDense(byte[] registers)
    {
        _registers = registers;
        _codes = null;
        _count = 0;
    }
}
