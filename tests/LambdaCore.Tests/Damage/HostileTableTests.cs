using System.Text.RegularExpressions;
using System.Text;
using LambdaCore.CrashHost;
using LambdaCore.DuckDb;
using LambdaCore.Log;
using LambdaCore.Storage;
using LambdaCore.Tables;
using LambdaCore.Tests.EndToEnd;
using LambdaCore.Tests.Values;
using LambdaCore.Values;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;

namespace LambdaCore.Tests.Damage;

/// <summary>Commits and schemas that somebody made on purpose, with hashes that are right: reading them comes to an end and fails clearly.</summary>
[TestFixture]
internal sealed partial class HostileTableTests
{
    private const string LogFolder = "log/_delta_log";

    private static readonly string[] Nasty =
    [
        "0", "-1", "1", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "1e400", "1.5", "null", "true", "[]", "{}", "\"\"", "\"x\"", "\"\\ud800\"", "\"-5\"", "\"1:2:3\"",
        "\"99999999999999999999\"", "\"../../x\"", "\"\\u0000\"", "[[[[[[[[[[]]]]]]]]]]", "\"NaN\"", "\"a,b;c\"", "\"2-1\"",
    ];

    [Test]
    public async Task A_hostile_commit_of_the_log_is_refused_clearly_or_read()
    {
        Random random = Seed.Random(out int seed);
        List<byte[]> healthy = await CommitsAsync();
        LambdaStoreOptions<Reading> options = DamageScene.Options(new SimulatedClock());
        EventCodec<Reading> codec = new(options.Schema, options.EventTimeProperty!);
        int mutants = HostileBytes.Count(15_000);
        int refused = 0;
        for (int i = 0; i < mutants; i++)
        {
            int version = random.Next(healthy.Count);
            byte[] mutant = Resealed(Mutate(healthy[version], random), random.Next(20) == 0);
            using InMemoryStorage storage = new();
            storage.CreateFolder(LogFolder);

            // The mutant is the last, so that no hash of a commit after it is in its way.
            for (int v = 0; v <= version; v++)
            {
                storage.PublishNew($"{LogFolder}/{v:D20}.json", v == version ? mutant : healthy[v]);
            }

            refused += Clear(() => Open(storage, codec), $"seed {seed}, mutant {i} of version {version}: {Encoding.UTF8.GetString(mutant)}");
            if (i % 100 == 0)
            {
                // Looking for the bit that was turned costs a hash for each.
                _ = Clear(() => _ = DeltaScraps.Of(storage, "log"), $"seed {seed}, mutant {i} of version {version}, salvaged");
            }
        }

        TestContext.Out.WriteLine($"{mutants} mutants, {refused} refused");
        Assert.That(refused, Is.InRange(mutants / 10, mutants - 1), "some are refused, and some are not, so the hashes are right");
    }

    [Test]
    public void A_hostile_schema_is_refused_clearly_or_read()
    {
        Random random = Seed.Random(out int seed);
        EventSchema events = EventSchema.Of(typeof(AllKinds));
        EventProperty time = events.Properties.Single(p => p.Name == nameof(AllKinds.At));
        string healthy = StoredSchemaJson.Write(StoredSchema.First(events, time, 7)).Value;
        int mutants = HostileBytes.Count(8_000);
        int refused = 0;
        for (int i = 0; i < mutants; i++)
        {
            string mutant = Encoding.UTF8.GetString(Mutate(Encoding.UTF8.GetBytes(healthy), random));
            DeltaMetadata metadata = new(Guid.Empty, "t", new DeltaSchema([new DeltaColumn("c", "long", false)]), DateTimeOffset.UnixEpoch)
            {
                Properties = System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty.Add(StoredSchemaJson.Property, mutant),
            };
            refused += Clear(
                () =>
                {
                    StoredSchema schema = StoredSchemaJson.Read("log", metadata);
                    _ = MasterSchema.Delta(schema, MasterSchema.OwnOfMaster);
                    _ = new SegmentSource(schema, MasterSchema.OwnOfMaster).WithRetired([]);
                    _ = new EventFileColumns(schema, MasterSchema.OwnOfMaster).FieldIds;
                },
                $"seed {seed}, mutant {i}: {mutant}");
        }

        TestContext.Out.WriteLine($"{mutants} mutants, {refused} refused");
        Assert.That(refused, Is.InRange(mutants / 10, mutants - 1));
    }

    private static void Open(InMemoryStorage storage, EventCodec<Reading> codec)
    {
        using DuckDbEngine duckDb = new(new DuckDbOptions(), _ => { });
        EventLogOptions options = new() { Times = new EventTimeRules(0, 0, LatePolicy.Include, 0) };
        using EventLog<Reading> log = EventLog<Reading>.Open(storage, duckDb, codec, options, TimeProvider.System, NullLogger.Instance);
        _ = log.SealedTally(log.SealedEnd);
        _ = log.Dropped;
        _ = log.ReadChanges();
        _ = log.RewrittenSince(0);
    }

    private static int Clear(Action read, string where)
    {
        try
        {
            read();
            return 0;
        }
        catch (Exception error)
        {
            Assert.That(HostileBytes.IsClear(error), Is.True, $"{where}: {error}");
            return 1;
        }
    }

    /// <summary>The commits of the log of a store that had retention and a correction.</summary>
    private static async Task<List<byte[]>> CommitsAsync()
    {
        (_, StoreImage image) = await DamageScene.BuildAsync(new SimulatedClock(), _ => { });
        return [.. image.Paths.Where(p => p.StartsWith(LogFolder, StringComparison.Ordinal)).Select(p => image[p])];
    }

    /// <summary>Changes values, and now and then characters or lines.</summary>
    private static byte[] Mutate(byte[] healthy, Random random)
    {
        string text = Encoding.UTF8.GetString(healthy);
        for (int change = random.Next(1, 4); change > 0; change--)
        {
            switch (random.Next(6))
            {
                case 0:
                    int at = random.Next(text.Length);
                    text = text[..at] + (char)random.Next(32, 127) + text[Math.Min(text.Length, at + random.Next(2))..];
                    break;
                case 1:
                    List<string> lines = [.. text.Split('\n')];
                    int line = random.Next(lines.Count);
                    lines.Insert(random.Next(lines.Count), lines[line]);
                    lines.RemoveAt(random.Next(lines.Count));
                    text = string.Join('\n', lines);
                    break;
                default:
                    MatchCollection values = Value().Matches(text);
                    if (values.Count > 0)
                    {
                        Match value = values[random.Next(values.Count)];
                        string nasty = random.Next(4) == 0 ? values[random.Next(values.Count)].Value : Nasty[random.Next(Nasty.Length)];

                        // Within a text that is JSON itself, quotation marks are escaped.
                        bool isEscaped = value.Value.StartsWith('\\');
                        text = text[..value.Index] + (isEscaped ? nasty.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) : nasty) + text[(value.Index + value.Length)..];
                    }

                    break;
            }
        }

        return Encoding.UTF8.GetBytes(text);
    }

    private static byte[] Resealed(byte[] content, bool cut)
    {
        content = cut ? content[..Random.Shared.Next(content.Length)] : content;
        int hashEnd = Array.IndexOf(content, (byte)'\n') + 1 - DeltaCommitWriter.BytesAfterHash;
        if (hashEnd >= 64)
        {
            Encoding.ASCII.GetBytes(DeltaCommitWriter.HashOf(content, hashEnd), content.AsSpan(hashEnd - 64));
        }

        return content;
    }

    [GeneratedRegex("(?<=[:,\\[])(\"[^\"\\\\]{0,40}\"|\\\\\"[^\"\\\\]{0,40}\\\\\"|-?[0-9]+|true|false)")]
    private static partial Regex Value();
}
