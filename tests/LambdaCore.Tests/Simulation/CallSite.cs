using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace LambdaCore.Tests.Simulation;

/// <summary>One place in the code of the library where one of its own methods is called.</summary>
/// <param name="Caller">The type and the method that a reader of the source sees there, such as <c>WriteAheadFile.Create</c>.</param>
/// <param name="Callee">The method that is called, with its type.</param>
/// <param name="Number">Counts the calls of the same method by the same caller, from 1.</param>
/// <param name="Offset">Where the instruction stands in the file of the assembly.</param>
/// <param name="Without">The instructions that take what the call takes, give a zero for what it gives, and do nothing.</param>
internal sealed record CallSite(string Caller, string Callee, int Number, int Offset, byte[] Without)
{
    private const byte Nop = 0x00;
    private const byte Zero = 0x16;
    private const byte Pop = 0x26;
    private const int CallLength = 5;

    private static readonly Dictionary<short, OpCode> Codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (OpCode)f.GetValue(null)!).ToDictionary(c => c.Value);

    /// <summary>What it is called in the lists of probes.</summary>
    public string Name => $"{Caller} {Callee[(Callee.IndexOf('.', StringComparison.Ordinal) + 1)..]} {Number}";

    /// <summary>Finds all calls of some methods.</summary>
    /// <param name="library">The bytes of the assembly.</param>
    /// <param name="callees">Tells by type and method, without namespace, which ones.</param>
    public static IReadOnlyList<CallSite> Find(byte[] library, Predicate<string> callees)
    {
        using PEReader image = new(new MemoryStream(library));
        MetadataReader metadata = image.GetMetadataReader();
        List<CallSite> sites = [];
        foreach (MethodDefinition method in metadata.MethodDefinitions.Select(metadata.GetMethodDefinition).Where(m => m.RelativeVirtualAddress > 0))
        {
            string caller = CallerOf(metadata, method);
            foreach ((int offset, MethodDefinition callee) in Calls(image, metadata, method))
            {
                string name = NameOf(metadata, callee);
                if (callees(name))
                {
                    int number = 1 + sites.Count(s => s.Caller == caller && s.Callee == name);
                    sites.Add(new CallSite(caller, name, number, offset, WithoutCall(metadata, callee)));
                }
            }
        }

        return sites;
    }

    /// <summary>The methods of the library that have code, each by its type and name.</summary>
    /// <param name="library">The bytes of the assembly.</param>
    public static IReadOnlyList<string> Methods(byte[] library)
    {
        using PEReader image = new(new MemoryStream(library));
        MetadataReader metadata = image.GetMetadataReader();
        return [.. metadata.MethodDefinitions.Select(metadata.GetMethodDefinition).Where(m => m.RelativeVirtualAddress > 0).Select(m => NameOf(metadata, m))];
    }

    public override string ToString() => Name;

    private static IEnumerable<(int Offset, MethodDefinition Callee)> Calls(PEReader image, MetadataReader metadata, MethodDefinition method)
    {
        // ECMA-335, partition II, 25.4: the header has one byte, or as many words as its second byte says in its upper half.
        byte[] code = image.GetMethodBody(method.RelativeVirtualAddress).GetILBytes()!;
        SectionHeader section = image.PEHeaders.SectionHeaders[image.PEHeaders.GetContainingSectionIndex(method.RelativeVirtualAddress)];
        int header = method.RelativeVirtualAddress - section.VirtualAddress + section.PointerToRawData;
        byte[] start = [.. image.GetEntireImage().GetContent(header, 2)];
        int begin = header + ((start[0] & 3) == 2 ? 1 : (start[1] >> 4) * 4);
        for (int at = 0; at < code.Length;)
        {
            OpCode instruction = Codes[code[at] == 0xFE ? (short)(0xFE00 | code[at + 1]) : code[at]];
            int operand = at + instruction.Size;
            if (instruction.OperandType == OperandType.InlineMethod && instruction.FlowControl == FlowControl.Call && instruction != OpCodes.Newobj
                && MetadataTokens.EntityHandle(BitConverter.ToInt32(code, operand)) is var token && Definition(metadata, token) is { } callee)
            {
                yield return (begin + at, callee);
            }

            at = operand + LengthOf(instruction.OperandType, code, operand);
        }
    }

    /// <summary>The method of the library that a token stands for; null for those of others.</summary>
    private static MethodDefinition? Definition(MetadataReader metadata, EntityHandle token) => token.Kind switch
    {
        HandleKind.MethodDefinition => metadata.GetMethodDefinition((MethodDefinitionHandle)token),
        _ => null,
    };

    private static int LengthOf(OperandType operand, byte[] code, int at) => operand switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
        _ => 4,
    };

    private static byte[] WithoutCall(MetadataReader metadata, MethodDefinition callee)
    {
        BlobReader signature = metadata.GetBlobReader(callee.Signature);
        SignatureHeader header = signature.ReadSignatureHeader();
        int taken = signature.ReadCompressedInteger() + (header.IsInstance ? 1 : 0);
        bool isVoid = signature.ReadSignatureTypeCode() == SignatureTypeCode.Void;
        List<byte> code = [.. Enumerable.Repeat(Pop, taken)];
        code.AddRange(isVoid ? [] : [Zero]);
        return code.Count > CallLength
            ? throw new InvalidOperationException($"A call of {NameOf(metadata, callee)} cannot be taken away: it takes {taken} values.")
            : [.. code, .. Enumerable.Repeat(Nop, CallLength - code.Count)];
    }

    private static string NameOf(MetadataReader metadata, MethodDefinition method) =>
        $"{metadata.GetString(metadata.GetTypeDefinition(method.GetDeclaringType()).Name).Split('`')[0]}.{metadata.GetString(method.Name)}";

    /// <summary>What the compiler makes of lambdas, iterators and asynchronous methods has their names in angle brackets.</summary>
    private static string CallerOf(MetadataReader metadata, MethodDefinition method)
    {
        TypeDefinition type = metadata.GetTypeDefinition(method.GetDeclaringType());
        string name = metadata.GetString(method.Name);
        while (metadata.GetString(type.Name) is var made && made.StartsWith('<') && !type.GetDeclaringType().IsNil)
        {
            name = made.IndexOf('>', StringComparison.Ordinal) is var end and > 1 ? made : name;
            type = metadata.GetTypeDefinition(type.GetDeclaringType());
        }

        string written = name.StartsWith('<') ? name[1..name.IndexOf('>', StringComparison.Ordinal)] : name;
        return $"{metadata.GetString(type.Name).Split('`')[0]}.{written}";
    }
}
