using System.Linq.Expressions;
using LambdaCore.Aggregates;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>
/// Makes a view over another view's keys and states. It is a view over events like any other, whose key is the source's expressions put in
/// the place of the source's columns; so all that holds for views holds for it. That its states can also be merged from the source's is
/// said by its <see cref="RollUpPlan"/>.
/// </summary>
internal static class RollUpCompiler
{
    /// <summary>Compiles a roll-up.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="source">The view that it rolls up.</param>
    /// <param name="lambda">Its key, from the source's.</param>
    public static ViewDefinition<T, TRolled, TResult> Compile<T, TKey, TResult, TRow, TRolled>(
        string name, ViewProgram<T, TKey, TResult, TRow> source, Expression<Func<TKey, TRolled>> lambda)
        where TRow : struct, IState<TRow>
    {
        ViewDraft draft = ViewDraft.Of(name, typeof(T)) with { Filter = source.Plan.Filter };
        Check(name, source);
        KeyShape mapped = KeyShape.Translate(new ScalarTranslator(name, draft.Events, lambda.Parameters[0], source.Key), lambda);
        if (mapped.Members.Any(m => m.Column.SessionGap is not null))
        {
            throw Refuse(name, "its key is a session, which only events have.", "Group events by it.");
        }

        KeyShape key = mapped.With(column => column with { Scalar = Compose(column.Scalar, source.Plan.Keys) });
        CheckNames(name, key, source.Plan);
        ViewPlan plan = new(name, draft.Events, draft.Filter, [.. key.Members.Select(m => m.Column)], source.Plan.Aggregates)
        {
            RollUp = new RollUpPlan(source.Plan, KeyWriter(source.ReadKey, [.. mapped.Members.Select(m => m.Column)])),
        };
        ProjectRow<TKey, TRow, TResult> project = source.Project;
        return new CompiledView<T, TRolled, TResult, TRow>(
            new ViewProgram<T, TRolled, TResult, TRow>
            {
                Plan = plan,
                Key = key,
                Filter = source.Filter,
                Fold = source.Fold,
                Project = (TRolled _, in TRow row) => project(default!, in row),
                ResultText = source.ResultText,
                UsesKey = false,
                WriteEventKey = KeyCompiler.WriteEventKey<T>(plan),
                WriteEventKeys = KeyCompiler.WriteEventKeys<T>(plan.Keys),
                WriteKey = KeyCompiler.WriteKey<TRolled>(key.Members),
                ReadKey = KeyCompiler.ReadKey<TRolled>(key),
                WindowStart = KeyCompiler.WindowStart<TRolled>(key),
            },
            key);
    }

    private static void Check<T, TKey, TResult, TRow>(string name, ViewProgram<T, TKey, TResult, TRow> source)
        where TRow : struct, IState<TRow>
    {
        string of = source.Plan.Name;
        if (source.Plan.SessionKey is not null)
        {
            throw Refuse(name, $"the windows of '{of}' are sessions, which may still merge.", "Define it over events.");
        }

        if (source.Plan.HoppingKey is not null)
        {
            throw Refuse(name, $"the windows of '{of}' overlap, so an event would count several times.", "Roll up a view with smaller windows that do not overlap; its key may be Window.Hopping.");
        }

        if (source.UsesKey)
        {
            throw Refuse(name, $"the result of '{of}' is computed from its key (g.Key), which a roll-up does not have.", "Leave the key out of the result, since every row comes with its key anyway; or define it over events.");
        }
    }

    private static void CheckNames(string name, KeyShape key, ViewPlan source)
    {
        HashSet<string> states = new(source.StateColumns.Select(c => c.Name), StringComparer.OrdinalIgnoreCase);
        if (key.Members.FirstOrDefault(m => states.Contains(m.Column.Name)) is { } twin)
        {
            throw Refuse(name, $"its key has a column {twin.Column.Name}, and a state of '{source.Name}' has that name too.", "Rename one.");
        }
    }

    /// <summary>An expression over events, from one over the columns of a key that are themselves expressions over events.</summary>
    private static Scalar Compose(Scalar scalar, IReadOnlyList<KeyColumn> columns) => scalar switch
    {
        KeyScalar key => columns[key.Index].Scalar,
        CallScalar call => Nested(call.Operator, [.. call.Arguments.Select(a => Compose(a, columns))]),
        MembershipScalar membership => new MembershipScalar(Compose(membership.Operand, columns), membership.Members, membership.HasMissing),
        _ => scalar,
    };

    // The day of a time's hour is the day of the time: shorter to compute, and known to be a window of event time.
    private static CallScalar Nested(Operator @operator, IReadOnlyList<Scalar> arguments) =>
        @operator.Window is { } outer && arguments is [CallScalar { Operator.Window: TumblingWindows inner } time] && inner.FitsInto(outer)
            ? new CallScalar(@operator, time.Arguments)
            : new CallScalar(@operator, arguments);

    private static RollUpKey KeyWriter<TKey>(ReadKey<TKey> readKey, IReadOnlyList<KeyColumn> columns)
    {
        if (KeyCompiler.WriteEventKeys<TKey>(columns) is { } several)
        {
            return (ref ByteReader bytes, EventKeys keys) => several(readKey(ref bytes, 0), keys);
        }

        Action<TKey, ByteWriter> write = KeyCompiler.WriteColumns<TKey>(columns);
        return (ref ByteReader bytes, EventKeys keys) =>
        {
            write(readKey(ref bytes, 0), keys.Writer);
            keys.End();
        };
    }

    private static ViewDefinitionException Refuse(string name, string why, string instead) => new($"View '{name}': it cannot be a roll-up: {why} {instead}");
}
