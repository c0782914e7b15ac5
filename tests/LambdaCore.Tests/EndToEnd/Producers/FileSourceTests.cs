using System.Globalization;
using LambdaCore.Storage;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Producers;

/// <summary>A file whose lines are events: the number of a line is its sequence, so that the reader has nothing to remember, wherever it was interrupted.</summary>
[TestFixture]
internal sealed class FileSourceTests
{
    [Test]
    public async Task A_growing_file_is_taken_in_line_by_line_once_however_often_its_reader_is_interrupted()
    {
        Random random = Seed.Random(out _);
        string path = Path.GetTempFileName();
        InMemoryStorage disk = new();
        try
        {
            int lines = 0;
            int interrupted = 0;
            for (int life = 0; life < 25; life++)
            {
                await using (LambdaStore<Sourced> store = Sourced.Open(disk))
                {
                    int added = random.Next(60);
                    await File.AppendAllLinesAsync(path, Enumerable.Range(lines, added).Select(n => string.Create(CultureInfo.InvariantCulture, $"{n},line {n}")));
                    lines += added;
                    int flushes = random.Next(8);
                    disk.BeforeCall = call =>
                    {
                        if (call.Operation == StorageOperation.Flush && --flushes < 0)
                        {
                            throw new StorageException("Storage failed: EIO, on demand.");
                        }
                    };
                    try
                    {
                        await TakeInAsync(store, path, chunk: random.Next(1, 12));
                    }
                    catch (LogPoisonedException)
                    {
                        interrupted++;
                    }

                    disk.BeforeCall = null;
                }

                InMemoryStorage left = disk.Crash(random);
                disk.Dispose();
                disk = left;
            }

            await using LambdaStore<Sourced> last = Sourced.Open(disk);
            await TakeInAsync(last, path, chunk: 1000);
            Assert.That(await Sourced.ReadAsync(last), Is.EqualTo(Enumerable.Range(0, lines).Select(n => ($"line {n}", (long)n))));
            Assert.That(interrupted, Is.GreaterThan(3));
        }
        finally
        {
            disk.Dispose();
            File.Delete(path);
        }
    }

    private static async Task TakeInAsync(LambdaStore<Sourced> store, string path, int chunk)
    {
        Producer<Sourced> producer = store.CreateProducer("file/lines.csv");
        long next = producer.LastSequence + 1 ?? 0;
        foreach (string[] lines in File.ReadLines(path).Skip((int)next).Chunk(chunk))
        {
            Sourced[] events = [.. lines.Select(Parse)];
            await producer.AppendAsync(events, firstSequence: next);
            next += events.Length;
        }
    }

    private static Sourced Parse(string line)
    {
        string[] parts = line.Split(',');
        return Sourced.Of(parts[1], long.Parse(parts[0], CultureInfo.InvariantCulture));
    }
}
