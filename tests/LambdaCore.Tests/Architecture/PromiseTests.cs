using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using NUnit.Framework;
using NUnit.Framework.Interfaces;

namespace LambdaCore.Tests.Architecture;

/// <summary>The tests that the decision about promises names exist, and run.</summary>
[TestFixture]
internal sealed partial class PromiseTests
{
    private const int FewestNames = 15;

    [Test]
    public void Every_test_that_a_promise_names_exists()
    {
        string page = File.ReadAllText(Path.Combine(Path.GetDirectoryName(Here())!, "../../../src/decisions/0026-promises.md"));
        string[] rows = [.. page.Split('\n').Where(l => l.StartsWith('|')).Skip(2)];
        (string Type, string Method)[] names = [.. rows.SelectMany(r => NameOfTest().Matches(r)).Select(m => (m.Groups[1].Value, m.Groups[2].Value)).Distinct()];
        Assert.That(names, Has.Length.AtLeast(FewestNames));
        Assert.That(rows.Where(r => r.StartsWith("| ", StringComparison.Ordinal) && NameOfTest().Count(r) == 0), Is.Empty, "a promise that nothing executes");
        Assert.That(names.Where(n => !Exists(n.Type, n.Method)), Is.Empty);
    }

    private static bool Exists(string type, string method) => typeof(PromiseTests).Assembly.GetTypes()
        .Where(t => t.Name == type)
        .SelectMany(t => t.GetMethods(BindingFlags.Instance | BindingFlags.Public))
        .Any(m => m.Name == method && m.GetCustomAttributes().Any(a => a is ISimpleTestBuilder or ITestBuilder) && !m.IsDefined(typeof(IgnoreAttribute)));

    [GeneratedRegex("`([A-Za-z]+)\\.([A-Za-z_]+)`")]
    private static partial Regex NameOfTest();

    private static string Here([CallerFilePath] string path = "") => path;
}
