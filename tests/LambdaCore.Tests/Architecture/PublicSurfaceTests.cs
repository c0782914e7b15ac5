using System.Runtime.CompilerServices;
using NUnit.Framework;

namespace LambdaCore.Tests.Architecture;

/// <summary>A change to the public surface is seen: it shows as a change to the approved file.</summary>
internal sealed class PublicSurfaceTests
{
    [Test]
    public void The_public_surface_is_the_approved_one()
    {
        string surface = PublicSurface.Describe(typeof(LambdaCoreException).Assembly);
        string approved = Path.Combine(Folder(), "PublicSurface.approved.txt");
        if (Environment.GetEnvironmentVariable("LAMBDACORE_APPROVE") == "1")
        {
            File.WriteAllText(approved, surface);
        }

        Assert.That(
            surface,
            Is.EqualTo(File.Exists(approved) ? File.ReadAllText(approved) : ""),
            "The public surface has changed. If that is meant, run this test with LAMBDACORE_APPROVE=1 and commit the approved file.");
    }

    private static string Folder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
