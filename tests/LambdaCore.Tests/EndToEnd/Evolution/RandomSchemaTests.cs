using LambdaCore.Storage;
using LambdaCore.Tests.Values;
using NUnit.Framework;

namespace LambdaCore.Tests.EndToEnd.Evolution;

/// <summary>
/// Random walks over event types: each life of a store opens it with another one, appends, seals, runs batches, and ends orderly, by a kill or by a power cut at any
/// call; and each time all events read as if every change had been made to all of them at once.
/// </summary>
[TestFixture]
internal sealed class RandomSchemaTests
{
    private const int Lives = 7;
    private static readonly string[] Names = ["A", "B", "C", "D", "E", "F"];

    [Test]
    public async Task Events_read_as_if_each_change_of_their_type_had_been_made_to_all_of_them()
    {
        Random seeds = Seed.Random(out _);
        int walks = int.TryParse(Environment.GetEnvironmentVariable("LAMBDACORE_SEQUENCES"), out int given) ? given : 25;
        Tally tally = new();
        for (int walk = 0; walk < walks; walk++)
        {
            int seed = seeds.Next();
            try
            {
                using Walk one = new(new Random(seed), tally);
                await one.RunAsync();
            }
            catch (Exception error)
            {
                throw new AssertionException($"walk {walk}, new Random({seed}): {error.Message}", error);
            }
        }

        TestContext.Out.WriteLine($"{walks} walks: {tally}");

        // Few walks may leave out what is rare.
        Assert.That(tally.Steps.Where(s => s.Key != "renamed back" || walks >= 200).Select(s => s.Value), walks < 25 ? Is.Not.Empty : Has.All.GreaterThan(0));
    }

    private sealed class Tally
    {
        public SortedDictionary<string, int> Steps { get; } = new(new[] { "added", "removed", "widened", "renamed", "renamed back", "loosened", "tightened", "returned", "cuts", "kept layers" }.ToDictionary(n => n, _ => 0), StringComparer.Ordinal);

        public void Count(string what) => Steps[what]++;

        public override string ToString() => string.Join(", ", Steps.Select(s => $"{s.Value} {s.Key}"));
    }

    private sealed class Walk(Random random, Tally tally) : IDisposable
    {
        private readonly SchemaOracle _oracle = new();
        private readonly List<string> _story = [];
        private readonly Dictionary<(int Column, string Name, Type Type), LogPosition> _batches = [];
        private InMemoryStorage _disk = new();

        public async Task RunAsync()
        {
            try
            {
                for (int life = 0; life < Lives; life++)
                {
                    Evolve(life == 0);
                    _story.Add($"life {life}: {string.Join(", ", _oracle.Active)}");
                    await LiveAsync();
                }
            }
            catch (Exception error)
            {
                throw new AssertionException($"{error.Message}\n{string.Join('\n', _story)}", error);
            }
        }

        public void Dispose() => _disk.Dispose();

        private void Evolve(bool isFirst)
        {
            List<(EvolvingProperty Property, SchemaOracle.Column? Was)> wanted = [.. _oracle.Active.Select(c => (c.Property with { Former = Kept(c) }, (SchemaOracle.Column?)c))];
            for (int change = isFirst ? 3 : random.Next(6); change > 0; change--)
            {
                int at = wanted.Count == 0 ? -1 : random.Next(wanted.Count);
                switch (isFirst ? 0 : random.Next(7))
                {
                    case 0 or 1:
                        Add(wanted);
                        break;
                    case 2 when at >= 0 && wanted[at].Was is not null:
                        wanted.RemoveAt(at);
                        tally.Count("removed");
                        break;
                    case 3 when at >= 0 && wanted[at].Was is not null:
                        Widen(wanted, at);
                        break;
                    case 4 when at >= 0 && wanted[at].Was is { } column:
                        Rename(wanted, at, column);
                        break;
                    case 5 when at >= 0 && wanted[at].Was is not null:
                        Loosen(wanted, at);
                        break;
                    case 6:
                        wanted = [.. wanted.OrderBy(_ => random.Next())];
                        break;
                }
            }

            // A name of before that two properties had is said by neither.
            HashSet<string> twice = [.. wanted.SelectMany(w => w.Property.Former).GroupBy(n => n).Where(g => g.Count() > 1).Select(g => g.Key)];
            if (twice.Count > 0 && wanted.Exists(w => w.Was is { } c && c.Property.Name != w.Property.Name && w.Property.Former.Any(twice.Contains)))
            {
                return;
            }

            // A name that a property had which goes in the same step would mean that one.
            if (wanted.Exists(w => w.Was is null && _oracle.Active.Exists(c => !wanted.Exists(k => k.Was == c) && (c.Names.Contains(w.Property.Name) || c.Property.Former.Contains(w.Property.Name)))))
            {
                return;
            }

            // Nor may a former name be one that another property has.
            _oracle.Become(wanted.Select(w => (w.Property with { Former = [.. w.Property.Former.Except(twice).Where(n => !IsTaken(n, w))] }, w.Was)));

            bool IsTaken(string name, (EvolvingProperty Property, SchemaOracle.Column? Was) by) =>
                wanted.Exists(w => w != by && w.Property.Name == name) || _oracle.Active.Exists(c => c != by.Was && c.Property.Name == name);
        }

        private string[] Kept(SchemaOracle.Column column) => random.Next(2) == 0 ? [] : [.. column.Names.Distinct().Where(n => n != column.Property.Name)];

        /// <summary>Names that no property has that is or was in the type just now, nor that one had that goes.</summary>
        private string? FreeName(List<(EvolvingProperty Property, SchemaOracle.Column? Was)> wanted) =>
            Names.Where(n => wanted.All(w => w.Property.Name != n) && _oracle.Active.All(c => c.Property.Name != n)
                && _oracle.Active.Where(c => wanted.All(w => w.Was != c)).All(c => !c.Names.Contains(n) && !c.Property.Former.Contains(n)))
                .OrderBy(_ => random.Next()).FirstOrDefault();

        private void Add(List<(EvolvingProperty Property, SchemaOracle.Column? Was)> wanted)
        {
            if (FreeName(wanted) is not { } name)
            {
                return;
            }

            Type core = EvolvingValue.Types[random.Next(EvolvingValue.Types.Length)];
            if (_oracle.Removed.FindLast(c => c.Property.Name == name) is { } removed)
            {
                core = random.Next(2) == 0 ? removed.Property.Core : core;
                if (!SchemaOracle.CanBecome(removed.Property.Core, core) && SchemaOracle.CanBecome(core, removed.Property.Core))
                {
                    return;
                }

                tally.Count("returned");
            }

            // Events have no default to begin with.
            bool nullable = !core.IsValueType || random.Next(2) == 0;
            bool declares = _oracle.Events.Count > 0 && (!nullable || random.Next(2) == 0);
            wanted.Add((Property(name, core, nullable, declares), null));
            tally.Count("added");
        }

        private EvolvingProperty Property(string name, Type core, bool nullable, bool declares)
        {
            object? value = declares ? EvolvingValue.Random(random, core) : null;
            return new EvolvingProperty(name, nullable && core.IsValueType ? typeof(Nullable<>).MakeGenericType(core) : core)
            {
                Default = value,
                Declared = value is null ? null : EvolvingValue.Declare(value),
            };
        }

        private void Widen(List<(EvolvingProperty Property, SchemaOracle.Column? Was)> wanted, int at)
        {
            EvolvingProperty old = wanted[at].Property;

            // What has just become never null keeps the default that it needs for that.
            bool needsDefault = !old.IsNullable && wanted[at].Was is not { Property.IsNullable: false };
            if (!needsDefault && EvolvingValue.Wider.TryGetValue(old.Core, out Type[]? wider))
            {
                wanted[at] = (Property(old.Name, wider[random.Next(wider.Length)], old.IsNullable, declares: false) with { Former = old.Former }, wanted[at].Was);
                tally.Count("widened");
            }
        }

        private void Rename(List<(EvolvingProperty Property, SchemaOracle.Column? Was)> wanted, int at, SchemaOracle.Column column)
        {
            EvolvingProperty old = wanted[at].Property;
            string? back = column.Names.LastOrDefault(n => n != column.Property.Name && wanted.All(w => w.Property.Name != n) && _oracle.Active.All(c => c.Property.Name != n));
            bool isAlone = _oracle.Active.Count(c => back is not null && (c.Names.Contains(back) || c.Property.Former.Contains(back))) == 1;
            if (back is not null && isAlone)
            {
                wanted[at] = (old with { Name = back, Former = [] }, column);
                tally.Count("renamed back");
            }
            else if (FreeName(wanted) is { } name && _oracle.Active.All(c => c == column || !c.Names.Contains(name)))
            {
                wanted[at] = (old with { Name = name, Former = [.. column.Names.Distinct().Where(n => n != name && _oracle.Active.All(c => c == column || c.Property.Name != n))] }, column);
                tally.Count("renamed");
            }
        }

        private void Loosen(List<(EvolvingProperty Property, SchemaOracle.Column? Was)> wanted, int at)
        {
            EvolvingProperty old = wanted[at].Property;

            // Not back and forth between two openings: of that the store sees only that the same property has another default.
            if (old.Core.IsValueType && (wanted[at].Was is not { } was || was.Property.IsNullable == old.IsNullable))
            {
                wanted[at] = (Property(old.Name, old.Core, !old.IsNullable, declares: old.IsNullable) with { Former = old.Former }, wanted[at].Was);
                tally.Count(old.IsNullable ? "tightened" : "loosened");
            }
        }

        private async Task LiveAsync()
        {
            Type type = EvolvingType.Make([.. _oracle.Active.Select(c => c.Property)]);
            string[] grouped = [.. _oracle.Active.Where(c => c.Property.Core != typeof(byte[])).Select(c => c.Property.Name)];
            await CutOpeningAsync(type, grouped);
            EvolvingStore store = EvolvingStore.Open(_disk, type, grouped);
            CheckLayers(store, grouped);
            await CheckAsync(store, grouped);
            for (int action = random.Next(5); action > 0; action--)
            {
                switch (random.Next(5))
                {
                    case 0:
                        await store.BatchAsync();
                        break;
                    case 4:
                        await store.CompactAsync();
                        break;
                    case 1:
                        await store.SealAsync();
                        break;
                    default:
                        await AppendAsync(store);
                        break;
                }
            }

            await CheckAsync(store, grouped);
            RememberLayers(store, grouped);
            bool isKilled = random.Next(3) == 0;
            InMemoryStorage? killed = isKilled ? _disk.Kill() : null;
            try
            {
                await store.DisposeAsync();
            }
            catch (LambdaCoreException) when (isKilled)
            {
                // Its disk is gone.
            }

            if (killed is not null)
            {
                _disk.Dispose();
                _disk = killed;
            }
        }

        /// <summary>A view of a property to which nothing happened in the last step has its batch layers as before.</summary>
        private void CheckLayers(EvolvingStore store, string[] grouped)
        {
            foreach (string name in grouped)
            {
                SchemaOracle.Column column = _oracle.Active.Single(c => c.Property.Name == name);
                if (_batches.TryGetValue((column.Id, name, column.Property.Type), out LogPosition end) && end > LogPosition.Zero)
                {
                    Assert.That(store.BatchEnd(name), Is.EqualTo(end), $"layers of {name}");
                    tally.Count("kept layers");
                }
            }

            _batches.Clear();
        }

        private void RememberLayers(EvolvingStore store, string[] grouped)
        {
            foreach (string name in grouped)
            {
                SchemaOracle.Column column = _oracle.Active.Single(c => c.Property.Name == name);
                _batches[(column.Id, name, column.Property.Type)] = store.BatchEnd(name);
            }
        }

        /// <summary>Cuts the power at some call of the first opening with a type; the next one goes on.</summary>
        private async Task CutOpeningAsync(Type type, string[] grouped)
        {
            if (random.Next(2) == 0)
            {
                return;
            }

            int calls = random.Next(1, 120);
            bool isCut = false;
            _disk.BeforeCall = _ =>
            {
                if (Interlocked.Decrement(ref calls) < 0)
                {
                    Volatile.Write(ref isCut, true);
                    throw new StorageException("The power is gone.");
                }
            };
            try
            {
                await EvolvingStore.Open(_disk, type, grouped).DisposeAsync();
            }
            catch (LambdaCoreException) when (Volatile.Read(ref isCut))
            {
                tally.Count("cuts");
            }

            _disk.BeforeCall = null;
            InMemoryStorage after = isCut ? _disk.Crash(random) : _disk.Kill();
            _disk.Dispose();
            _disk = after;
        }

        private async Task AppendAsync(EvolvingStore store)
        {
            List<(long, TimeSpan, Dictionary<string, object?>)> events = [];
            for (int count = random.Next(1, 7); count > 0; count--)
            {
                int number = _oracle.Events.Count;
                bool late = number > 0 && random.Next(4) == 0;
                Dictionary<int, object?> values = _oracle.Active.ToDictionary(
                    c => c.Id, c => c.Property.IsNullable && random.Next(3) == 0 ? null : (object?)EvolvingValue.Random(random, c.Property.Core));
                _oracle.Events.Add(values);
                if (late)
                {
                    _oracle.Rejected.Add(number);
                }

                events.Add((number, late ? TimeSpan.FromDays(3) : TimeSpan.Zero, _oracle.Active.ToDictionary(c => c.Property.Name, c => values[c.Id])));
            }

            await store.AppendAsync(events);
        }

        private async Task CheckAsync(EvolvingStore store, string[] grouped)
        {
            (long Number, string Values)[] all = [.. _oracle.Events.Select((e, i) => ((long)i, EvolvingStore.Show(
                _oracle.Active.Select(c => (c.Property.Name, e[c.Id])).OrderBy(v => v.Name, StringComparer.Ordinal))))];
            (long Number, string Values)[] counting = [.. all.Where(e => !_oracle.Rejected.Contains((int)e.Number))];
            List<(long Number, string Values)> @sealed = store.ReadSealed();
            Assert.That(@sealed, Is.EqualTo(counting.Take(@sealed.Count)), "sealed");
            Assert.That(await store.ReadRejectedAsync(), Is.EqualTo(all.Where(e => _oracle.Rejected.Contains((int)e.Number))), "rejected");
            foreach (string name in grouped)
            {
                SchemaOracle.Column column = _oracle.Active.Single(c => c.Property.Name == name);
                IEnumerable<(string, long)> expected = counting.GroupBy(e => EvolvingValue.Show(_oracle.Events[(int)e.Number][column.Id])).Select(g => (g.Key, (long)g.Count()));
                Assert.That(await store.CountAsync(name), Is.EquivalentTo(expected), $"counted by {name}");
            }
        }
    }
}
