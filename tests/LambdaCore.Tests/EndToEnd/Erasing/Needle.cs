using System.Text;
using LambdaCore.DuckDb;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Erasing;

/// <summary>
/// What must be nowhere after an erasure: a text of random letters, a random Guid and a random number, each looked for as bytes in every file of a folder, and as a value in every
/// column of every Parquet file, since there it may be compressed.
/// </summary>
internal sealed class Needle
{
    private readonly (string Name, byte[] Bytes)[] _patterns;

    /// <summary>Draws a needle.</summary>
    public Needle(Random random)
    {
        User = string.Concat(Enumerable.Range(0, 24).Select(_ => (char)('a' + random.Next(26))));
        byte[] guid = new byte[16];
        random.NextBytes(guid);
        Id = new Guid(guid);
        Number = random.NextInt64(long.MaxValue / 4, long.MaxValue / 2);
        Money = random.NextInt64(1L << 60, long.MaxValue) / 1000m;
        _patterns =
        [
            ("user in UTF-8", Encoding.UTF8.GetBytes(User)),
            ("user in UTF-16", Encoding.Unicode.GetBytes(User)),
            ("user with zeros after each letter's place", Encoding.BigEndianUnicode.GetBytes(User)),
            ("id as text", Encoding.UTF8.GetBytes(Id.ToString())),
            ("id", Id.ToByteArray()),
            ("id big-endian", Id.ToByteArray(bigEndian: true)),
            ("number", BitConverter.GetBytes(Number)),
            ("number big-endian", [.. BitConverter.GetBytes(Number).Reverse()]),
            ("number as key", [.. BitConverter.GetBytes(Number ^ long.MinValue).Reverse()]),
        ];
    }

    /// <summary>A user's name.</summary>
    public string User { get; }

    /// <summary>A user's id.</summary>
    public Guid Id { get; }

    /// <summary>A number.</summary>
    public long Number { get; }

    /// <summary>An amount.</summary>
    public decimal Money { get; }

    /// <summary>The files below a folder that hold it, each with what was found, sorted.</summary>
    public IReadOnlyList<string> Find(string folder)
    {
        List<string> found = [];
        foreach (string path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            string name = Path.GetRelativePath(folder, path);
            if (name == "LOCK")
            {
                continue;
            }

            byte[] content = ReadShared(path);
            found.AddRange(_patterns.Where(p => content.AsSpan().IndexOf(p.Bytes) >= 0).Select(p => $"{name}: {p.Name}"));
            if (name.EndsWith(".parquet", StringComparison.Ordinal))
            {
                found.AddRange(FindInParquet(path).Select(column => $"{name}: column {column}"));
            }
        }

        return found;
    }

    private static byte[] ReadShared(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] content = new byte[file.Length];
        file.ReadExactly(content);
        return content;
    }

    /// <summary>Reads every column, as text and as bytes.</summary>
    private IEnumerable<string> FindInParquet(string path)
    {
        using DuckDbInstance instance = new(new DuckDbOptions { AllowedDirectories = [Path.GetDirectoryName(path)!] });
        using DuckDbConnection connection = instance.Connect();
        string source = Sql.Parquet([path]);
        List<(string Name, string Type)> columns = [];
        using (DuckDbResult described = connection.Query($"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM {source})"))
        {
            while (described.NextChunk())
            {
                for (int row = 0; row < described.RowCount; row++)
                {
                    columns.Add((described.Column(0).Text(row), described.Column(1).Text(row)));
                }
            }
        }

        Assert.That(columns, Is.Not.Empty, path);
        string money = Money.ToString(System.Globalization.CultureInfo.InvariantCulture);
        foreach ((string name, string type) in columns)
        {
            string column = Sql.Name(name);
            string condition = type == "BLOB"
                ? string.Join(" OR ", _patterns.Select(p => $"contains(hex({column}), '{Convert.ToHexString(p.Bytes)}')"))
                : string.Join(" OR ", new[] { User, Id.ToString(), Number.ToString(System.Globalization.CultureInfo.InvariantCulture), money }
                    .Select(text => $"contains(CAST({column} AS VARCHAR), {Sql.Text(text)})"));
            if (connection.Scalar<long>($"SELECT count(*) FROM {source} WHERE {condition}") > 0)
            {
                yield return name;
            }
        }
    }
}
