using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.Loader;

namespace LambdaCore.Tests.Simulation;

/// <summary>
/// The library with one method or one call taken away, and these tests against it, side by side with the real ones: the bytes of the assembly are changed before it is loaded. So
/// nothing in the library itself can be switched off.
/// </summary>
internal sealed class PatchedLibrary : AssemblyLoadContext
{
    private readonly byte[] _library;

    /// <summary>Takes a method away.</summary>
    /// <param name="type">The name of its type, with its namespace; of a nested one, the outermost one's.</param>
    /// <param name="method">Its name. It returns true afterwards if it returned a boolean, or does nothing if it returned nothing.</param>
    public PatchedLibrary(string type, string method)
        : base($"without {type}.{method}")
    {
        _library = ReadLibrary();
        using PEReader image = new(new MemoryStream(_library));
        MetadataReader metadata = image.GetMetadataReader();
        int patched = 0;
        foreach (MethodDefinition found in metadata.MethodDefinitions.Select(metadata.GetMethodDefinition))
        {
            TypeDefinition owner = metadata.GetTypeDefinition(found.GetDeclaringType());
            if (metadata.GetString(found.Name) == method && $"{metadata.GetString(owner.Namespace)}.{metadata.GetString(owner.Name)}" == type)
            {
                // ECMA-335, partition II, 25.4: a tiny header has the length of the code in its upper six bits.
                byte returned = metadata.GetBlobReader(found.Signature) is var signature && IsVoid(ref signature) ? (byte)0 : (byte)1;
                byte[] code = returned == 0 ? [0x2A] : [0x17, 0x2A];
                int section = image.PEHeaders.GetContainingSectionIndex(found.RelativeVirtualAddress);
                SectionHeader header = image.PEHeaders.SectionHeaders[section];
                int at = found.RelativeVirtualAddress - header.VirtualAddress + header.PointerToRawData;
                _library[at] = (byte)((code.Length << 2) | 2);
                code.CopyTo(_library, at + 1);
                patched++;
            }
        }

        if (patched != 1)
        {
            throw new InvalidOperationException($"There are {patched} methods {type}.{method}, so that none was taken away.");
        }
    }

    /// <summary>Runs a method of <see cref="SabotageProbes"/> against the library.</summary>
    /// <returns>What it has found; null if it did not miss anything.</returns>
    public string? Run(string probe) => (string?)LoadFromAssemblyPath(typeof(PatchedLibrary).Assembly.Location)
        .GetType(typeof(SabotageProbes).FullName!, throwOnError: true)!
        .GetMethod(probe, BindingFlags.Static | BindingFlags.Public, [])!
        .Invoke(null, null);

    /// <summary>Takes one call away.</summary>
    public PatchedLibrary(CallSite site)
        : base($"without {site}")
    {
        _library = ReadLibrary();
        site.Without.CopyTo(_library, site.Offset);
    }

    /// <summary>The bytes of the library as it is.</summary>
    public static byte[] ReadLibrary() => File.ReadAllBytes(typeof(LambdaCoreException).Assembly.Location);

    protected override Assembly? Load(AssemblyName assemblyName) =>
        assemblyName.Name == typeof(LambdaCoreException).Assembly.GetName().Name ? LoadFromStream(new MemoryStream(_library)) : null;

    private static bool IsVoid(ref BlobReader signature)
    {
        SignatureHeader header = signature.ReadSignatureHeader();
        if (header.IsGeneric)
        {
            signature.ReadCompressedInteger();
        }

        signature.ReadCompressedInteger();
        return signature.ReadSignatureTypeCode() == SignatureTypeCode.Void;
    }
}
