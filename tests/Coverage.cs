// The table of tests/coverage.sh: lines and branches of each room that tests reached, and, with a second argument, those of which a branch was not reached.
//
//   dotnet run tests/Coverage.cs -- COBERTURA.XML [PATH_PREFIX]

using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;

const string Root = "src/LambdaCore/";
const double Aim = 95;
string[] swapOfLayers = ["BatchRunner", "BatchTable", "PreparedLayer", "LayerPatch", "LayerMerge", "RebuildJob", "RebuildFolder", "RebuildOrder", "ViewRebuild", "ServedView"];

// Paths are relative to the folder that all files have in common.
var types = XDocument.Load(args[0]).Descendants("class").ToList();
string prefix = types.Any(t => Path(t).StartsWith(Root, StringComparison.Ordinal)) ? Root : "";
var lines = types
    .Where(t => Path(t).StartsWith(prefix, StringComparison.Ordinal) && !Path(t).StartsWith($"{prefix}obj/", StringComparison.Ordinal))
    .SelectMany(t => t.Elements("lines").Elements("line"), (t, line) => (File: Path(t)[prefix.Length..], Line: line))
    .Select(l =>
    {
        Match conditions = Regex.Match((string?)l.Line.Attribute("condition-coverage") ?? "", @"\((\d+)/(\d+)\)");
        return (l.File, Number: (int)l.Line.Attribute("number")!, Hit: (long)l.Line.Attribute("hits")! > 0, Taken: Number(conditions.Groups[1]), Branches: Number(conditions.Groups[2]));
    })
    .ToList();

Console.WriteLine("room                  lines            branches");
bool reached = true;
foreach (var room in lines.GroupBy(l => Room(l.File)).OrderBy(r => r.Key, StringComparer.Ordinal))
{
    reached &= Print(room.Key, room) >= Aim || room.Key is not ("Storage" or "Log" or "Tables");
}

reached &= Print("swap of layers", lines.Where(l => swapOfLayers.Any(s => l.File[(l.File.LastIndexOf('/') + 1)..].StartsWith(s, StringComparison.Ordinal)))) >= Aim;
Print("all", lines);

if (args.Length > 1)
{
    foreach (var file in lines.Where(l => l.File.StartsWith(args[1], StringComparison.Ordinal) && (!l.Hit || l.Taken < l.Branches)).GroupBy(l => l.File).OrderBy(f => f.Key, StringComparer.Ordinal))
    {
        Console.WriteLine($"{file.Key}: {string.Join(", ", file.OrderBy(l => l.Number).Select(l => l.Branches > 0 ? $"{l.Number} ({l.Taken}/{l.Branches})" : $"{l.Number}"))}");
    }
}

return reached ? 0 : 1;

static double Print(string name, IEnumerable<(string File, int Number, bool Hit, int Taken, int Branches)> of)
{
    var all = of.ToList();
    int hit = all.Count(l => l.Hit), taken = all.Sum(l => l.Taken), branches = all.Sum(l => l.Branches);
    double share = branches == 0 ? 100 : 100.0 * taken / branches;
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-16} {hit,6}/{all.Count,-6} {100.0 * hit / all.Count,5:F1} % {taken,6}/{branches,-6} {share,5:F1} %"));
    return share;
}

static string Path(XElement type) => ((string)type.Attribute("filename")!).Replace('\\', '/');

static string Room(string file) => file.Contains('/', StringComparison.Ordinal) ? file[..file.IndexOf('/', StringComparison.Ordinal)] : "(root)";

static int Number(Group digits) => digits.Success ? int.Parse(digits.ValueSpan, CultureInfo.InvariantCulture) : 0;
