using System.Linq.Expressions;
using System.Reflection;
using LambdaCore.Aggregates;
using LambdaCore.Values;

namespace LambdaCore.Views;

/// <summary>
/// Finds the aggregates in the result of a view, plans each distinct one once, and names the columns of their states
/// after the members that they flow into.
/// </summary>
internal sealed class AggregateTranslator
{
    private readonly ViewDraft _draft;
    private readonly ParameterExpression _group;
    private readonly HashSet<string> _names;
    private readonly List<PlannedAggregate> _planned = [];
    private readonly Dictionary<MethodCallExpression, (int Index, AggregateFunction Function)> _calls = [];

    private AggregateTranslator(ViewDraft draft, KeyShape key, ParameterExpression group)
    {
        _draft = draft;
        _group = group;
        _names = new(key.Members.Select(m => m.Column.Name), StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The aggregates, each once.</summary>
    public IReadOnlyList<PlannedAggregate> Planned => _planned;

    /// <summary>Finds and plans the aggregates of a result selector.</summary>
    public static AggregateTranslator Translate(ViewDraft draft, KeyShape key, LambdaExpression result)
    {
        AggregateTranslator translator = new(draft, key, result.Parameters[0]);
        foreach ((string name, Expression value) in translator.Parts(result.Body))
        {
            MethodCallExpression[] calls = [.. new Finder(translator).Find(value)];
            bool isWhole = calls.Length == 1 && Strip(value) == calls[0];
            for (int i = 0; i < calls.Length; i++)
            {
                translator.Plan(calls[i], isWhole ? name : $"{name}_{i + 1}");
            }
        }

        return translator;
    }

    /// <summary>
    /// The position in <see cref="Planned"/> of the aggregate that a call stands for, and the function that gives its result: calls that
    /// differ in nothing but the result share a state.
    /// </summary>
    public (int Index, AggregateFunction Function) Of(MethodCallExpression call) => _calls[call];

    private IEnumerable<(string Name, Expression Value)> Parts(Expression body)
    {
        NewExpression? construction = body as NewExpression ?? (body as MemberInitExpression)?.NewExpression;
        if (construction is null)
        {
            return [("value", body)];
        }

        ParameterInfo[] parameters = construction.Constructor?.GetParameters() ?? [];
        return construction.Arguments
            .Select((value, i) => (NameOf(construction, parameters, i), value))
            .Concat(body is MemberInitExpression initializer
                ? initializer.Bindings.Select(b => (b.Member.Name, b is MemberAssignment assignment
                    ? assignment.Expression
                    : throw Refuse(body, $"the member {b.Member.Name} is filled by a nested initializer.", "Assign it one value.")))
                : []);
    }

    private static string NameOf(NewExpression construction, ParameterInfo[] parameters, int index)
    {
        string name = construction.Members?[index].Name ?? parameters[index].Name!;
        return construction.Type.GetProperties().FirstOrDefault(p => string.Equals(p.Name, name, StringComparison.OrdinalIgnoreCase))?.Name ?? name;
    }

    private static Expression Strip(Expression expression) =>
        expression is UnaryExpression { NodeType: ExpressionType.Convert } convert ? Strip(convert.Operand) : expression;

    private void Plan(MethodCallExpression call, string name)
    {
        (AggregateFunction function, IReadOnlyList<Scalar> inputs, Scalar? filter) = AggregateCall.Of(_draft, _group, call);
        string text = PlannedAggregate.TextOf(function, inputs, filter);
        int known = _planned.FindIndex(p => p.Text == text);
        if (known < 0)
        {
            known = _planned.Count;
            string unique = name;
            for (int n = 2; function.Columns.Any(c => _names.Contains(ColumnName(unique, c))); n++)
            {
                unique = $"{name}_{n}";
            }

            PlannedColumn[] columns = [.. function.Columns.Select(c => new PlannedColumn(ColumnName(unique, c), c))];
            _names.UnionWith(columns.Select(c => c.Name));
            _planned.Add(new PlannedAggregate(function, inputs, filter, columns));
        }

        _calls[call] = (known, function);
    }

    private static string ColumnName(string name, StateColumn column) => column.Suffix.Length == 0 ? name : $"{name}_{column.Suffix}";

    private ViewDefinitionException Refuse(Expression part, string why, string instead) => Refusal.Of(_draft.Name, part, why, instead);

    private sealed class Finder(AggregateTranslator owner) : ExpressionVisitor
    {
        private readonly List<MethodCallExpression> _found = [];

        public List<MethodCallExpression> Find(Expression expression)
        {
            _ = Visit(expression);
            return _found;
        }

        protected override Expression VisitMethodCall(MethodCallExpression node)
        {
            if (node.Object != owner._group)
            {
                return base.VisitMethodCall(node);
            }

            if (node.Method.DeclaringType != owner._group.Type)
            {
                throw owner.Refuse(node, "it is no aggregate.", "Use g.Key, g.Count(), g.Sum(...) and the others.");
            }

            _found.Add(node);
            return node;
        }

        protected override Expression VisitMember(MemberExpression node) =>
            node.Expression == owner._group ? node : base.VisitMember(node);

        protected override Expression VisitParameter(ParameterExpression node) => node == owner._group
            ? throw owner.Refuse(node, "a group is only there for its key and its aggregates.", "Use g.Key, g.Count(), g.Sum(...) and the others.")
            : node;
    }
}
