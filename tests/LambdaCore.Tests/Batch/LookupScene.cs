using LambdaCore.Batch;
using LambdaCore.Storage;
using LambdaCore.Values;

namespace LambdaCore.Tests.Batch;

/// <summary>Writes lookup files from an oracle and opens them from memory.</summary>
internal static class LookupScene
{
    public const string View = "fingerprint of the view";

    public static readonly LogRange Covered = new(new LogPosition(345), new LogPosition(12345));

    public static readonly IComparer<byte[]> ByBytes = Comparer<byte[]>.Create((left, right) => left.AsSpan().SequenceCompareTo(right));

    public static SortedDictionary<byte[], byte[]> NewOracle() => new(ByBytes);

    /// <summary>The bytes of a file with the oracle's rows.</summary>
    public static byte[] Write(SortedDictionary<byte[], byte[]> oracle) => Write(oracle, View, Covered);

    /// <summary>The bytes of a file of some view with the oracle's rows.</summary>
    public static byte[] Write(SortedDictionary<byte[], byte[]> oracle, string fingerprint, LogRange range)
    {
        using var storage = new InMemoryStorage();
        string path = storage.NewScratchPath(".lookup");
        using var writer = new LookupWriter(path, fingerprint, range, oracle.Count);
        foreach ((byte[] key, byte[] state) in oracle)
        {
            writer.Add(key, state);
        }

        writer.Complete();
        return File.ReadAllBytes(path);
    }

    public static LookupFile Open(byte[] content) => LookupFile.Open(new InMemoryMappedFile(content), "views/v/1.lookup", View, Covered);

    /// <summary>A point read, as text: the state, or "none".</summary>
    public static string Get(LookupFile lookup, byte[] key) =>
        lookup.TryGet(key, XxHash64.Hash(key), out ReadOnlySpan<byte> state) ? Convert.ToHexString(state) : "none";

    public static List<(byte[] Key, byte[] State)> Scan(LookupFile lookup, byte[]? low, byte[]? high)
    {
        List<(byte[] Key, byte[] State)> rows = [];
        LookupFile.Enumerator scan = lookup.Scan(low, high);
        while (scan.MoveNext())
        {
            rows.Add((scan.Key.ToArray(), scan.State.ToArray()));
        }

        return rows;
    }

    public static byte[] RandomBytes(Random random, int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}
