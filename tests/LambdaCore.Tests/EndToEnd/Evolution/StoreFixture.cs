using System.Collections.Concurrent;
using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using LambdaCore.Log;
using LambdaCore.Storage;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Evolution;

/// <summary>
/// A store as a program left it, committed with the tests as an archive: sealed segments, two layers of each view, a write-ahead tail and dead letters. What its events
/// are is said here, and not read from it.
/// </summary>
/// <param name="Writer">The event type that it was written with.</param>
internal sealed record StoreFixture(Type Writer)
{
    public const int Events = 240;
    public const int Sealed = 190;
    private const int FirstBatch = 110;

    public static readonly StoreFixture[] All = [new(typeof(FixtureRecord)), new(typeof(FixtureClass)), new(typeof(FixtureStruct))];

    /// <summary>The properties by which the writer's views count.</summary>
    public static readonly string[] Grouped = ["Number", "Int32", "TextOrNull", "Float32", "DayOrNull"];

    private static readonly ConcurrentDictionary<string, (string Path, byte[] Written, long Length)[]> Files = [];

    private string Archive => Path.Combine(Folder(), $"{Writer.Name}.zip");

    /// <summary>The events, naively, as the writer has them.</summary>
    public SchemaOracle Oracle()
    {
        SchemaOracle oracle = new();
        oracle.Become(FixtureReader.Properties(Writer).Select(p => (p, (SchemaOracle.Column?)null)));
        for (int number = 0; number < Events; number++)
        {
            oracle.Events.Add(oracle.Active.ToDictionary(c => c.Id, c => Value(c.Property, c.Id, number)));
            if (IsRejected(number))
            {
                oracle.Rejected.Add(number);
            }
        }

        return oracle;
    }

    /// <summary>Writes the archive anew.</summary>
    public async Task WriteAsync()
    {
        string folder = Directory.CreateTempSubdirectory("lambdacore-fixture-").FullName;
        try
        {
            SchemaOracle oracle = Oracle();
            await using (EvolvingStore store = EvolvingStore.Open(new PhysicalStorage(folder), Writer, Grouped, segmentEvents: 60))
            {
                await store.AppendAsync(Said(oracle, 0, FirstBatch));
                await store.BatchAsync();
                await store.AppendAsync(Said(oracle, FirstBatch, Sealed));
                await store.BatchAsync();
                await store.AppendAsync(Said(oracle, Sealed, Events));
                Assert.That(store.Positions, Is.EqualTo((new LogPosition(Events), new LogPosition(Sealed))));
            }

            File.Delete(Path.Combine(folder, "LOCK"));
            _ = Directory.CreateDirectory(Path.GetDirectoryName(Archive)!);
            File.Delete(Archive);
            await ZipFile.CreateFromDirectoryAsync(folder, Archive, CompressionLevel.SmallestSize, includeBaseDirectory: false);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Puts a copy of the store into a folder.</summary>
    public void CopyTo(string folder)
    {
        foreach ((string path, byte[] written, long length) in Files.GetOrAdd(Archive, static a => [.. Read(a)]))
        {
            string file = Path.Combine(folder, path);
            _ = Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            using FileStream stream = File.Create(file);
            stream.Write(written);
            stream.SetLength(length);
        }
    }

    /// <summary>What a folder holds, byte for byte, except for the lock.</summary>
    public static string[] Content(string folder) => [.. Directory.GetFiles(folder, "*", SearchOption.AllDirectories)
        .Where(f => Path.GetFileName(f) != "LOCK")
        .Order(StringComparer.Ordinal)
        .Select(f => $"{Path.GetRelativePath(folder, f)} {new FileInfo(f).Length} {Convert.ToHexString(SHA256.HashData(Written(File.ReadAllBytes(f))))}")];

    /// <summary>Events of an oracle as a store takes them.</summary>
    public static IEnumerable<(long Number, TimeSpan Late, Dictionary<string, object?> Values)> Said(SchemaOracle oracle, int start, int end) =>
        Enumerable.Range(start, end - start).Select(i => (
            (long)i, oracle.Rejected.Contains(i) ? TimeSpan.FromDays(3) : TimeSpan.Zero, oracle.Active.ToDictionary(c => c.Property.Name, c => oracle.Events[i][c.Id])));

    public override string ToString() => Writer.Name;

    private static IEnumerable<(string Path, byte[] Written, long Length)> Read(string archive)
    {
        using ZipArchive zip = ZipFile.OpenRead(archive);
        foreach (ZipArchiveEntry entry in zip.Entries.Where(e => e.Name.Length > 0))
        {
            using Stream stream = entry.Open();
            byte[] content = new byte[entry.Length];
            stream.ReadExactly(content);
            yield return (entry.FullName, Written(content).ToArray(), content.Length);
        }
    }

    /// <summary>A file without the zeros at its end: a write-ahead file reserves many times what is written into it.</summary>
    private static ReadOnlySpan<byte> Written(ReadOnlySpan<byte> content) => content[..(content.LastIndexOfAnyExcept((byte)0) + 1)];

    private static bool IsRejected(int number) => number % 13 == 7;

    private static object? Value(EvolvingProperty property, int column, int number) =>
        property.Name.EndsWith("OrNull", StringComparison.Ordinal) && (number + column) % 4 == 1 ? null : Pick(property.Core, number + (3 * column));

    /// <summary>A value of a type, often an extreme one. What stands here is what the archives hold: add nothing without writing them anew.</summary>
    private static object Pick(Type type, int choice) =>
        type == typeof(bool) ? Of(choice, true, false, false)
        : type == typeof(sbyte) ? Of<sbyte>(choice, sbyte.MinValue, sbyte.MaxValue, 0, -1, 5)
        : type == typeof(byte) ? Of<byte>(choice, byte.MinValue, byte.MaxValue, 128, 127, 5)
        : type == typeof(short) ? Of<short>(choice, short.MinValue, short.MaxValue, 0, -1, 5)
        : type == typeof(ushort) ? Of<ushort>(choice, ushort.MinValue, ushort.MaxValue, 32768, 32767, 5)
        : type == typeof(int) ? Of(choice, int.MinValue, int.MaxValue, 0, -1, 5)
        : type == typeof(uint) ? Of<uint>(choice, uint.MinValue, uint.MaxValue, 2147483648, 2147483647, 5)
        : type == typeof(long) ? Of(choice, long.MinValue, long.MaxValue, 0, -1, (1L << 53) + 1)
        : type == typeof(ulong) ? Of<ulong>(choice, ulong.MinValue, ulong.MaxValue, 1UL << 63, (1UL << 63) - 1, 5)
        : type == typeof(float) ? Of(choice, 0.1f, float.MaxValue, float.Epsilon, -3.5f, 0, float.NegativeInfinity, float.NaN)
        : type == typeof(double) ? Of(choice, 0.1, double.MaxValue, double.Epsilon, -3.5, 0, double.NegativeInfinity, double.NaN)
        : type == typeof(decimal) ? Of(choice, decimal.MinValue, decimal.MaxValue, 0, -0.000000001m, 1.5m)
        : type == typeof(string) ? Of(choice, "", "NULL", "ü'\"ß\\", "日本\n\t\0", "text", new string('x', 300))
        : type == typeof(Guid) ? Of(choice, Guid.Empty, Guid.AllBitsSet, new Guid("8d1c7b0a-0001-4002-8003-a1b2c3d4e5f6"))
        : type == typeof(DateTimeOffset) ? Of(
            choice, DateTimeOffset.MinValue, new DateTimeOffset(1969, 12, 31, 23, 59, 59, TimeSpan.Zero).AddMicroseconds(999_999), new DateTimeOffset(9999, 12, 31, 23, 59, 59, TimeSpan.Zero), DateTimeOffset.UnixEpoch)
        : type == typeof(DateOnly) ? Of(choice, DateOnly.MinValue, DateOnly.MaxValue, new DateOnly(1969, 12, 31), new DateOnly(2024, 2, 29))
        : type == typeof(TimeSpan) ? Of(choice, TimeSpan.MinValue, TimeSpan.MaxValue, TimeSpan.Zero, TimeSpan.FromTicks(-1))
        : type == typeof(byte[]) ? Of<byte[]>(choice, [], [0], [255, 0, 10, 13], [1, 2, 3])
        : type == typeof(DayOfWeek) ? Of(choice, DayOfWeek.Sunday, DayOfWeek.Saturday, (DayOfWeek)(-7), (DayOfWeek)int.MaxValue)
        : throw new ArgumentException($"{type} has no values here.", nameof(type));

    private static object Of<T>(int choice, params T[] values) => values[choice % values.Length]!;

    private static string Folder([CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", "..", "Fixtures"));
}
