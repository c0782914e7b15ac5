using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LambdaCore.DuckDb;

/// <summary>DuckDB's C API, one file per chapter of its header, and how its library is found.</summary>
/// <remarks>
/// Pointers named <c>nint</c> are borrowed; SafeHandles are owned. Calls marked <c>SuppressGCTransition</c> only read a
/// field and never block, allocate or call back.
/// </remarks>
internal static unsafe partial class NativeMethods
{
    private const string Library = "duckdb";

    // The chapters follow the header of this version; patch releases keep it.
    private const string ExpectedVersion = "v1.5.";

    static NativeMethods()
    {
        NativeLibrary.SetDllImportResolver(typeof(NativeMethods).Assembly, Resolve);
        string version = Text(LibraryVersion()) ?? "unknown";
        if (!version.StartsWith(ExpectedVersion, StringComparison.Ordinal))
        {
            throw new LambdaCoreException(
                $"The DuckDB library that was loaded is {version}; LambdaCore is built for {ExpectedVersion}*. "
                + "Remove the other DuckDB library from the application's folder and the loader's search path.");
        }
    }

    /// <summary>A text of DuckDB's, copied.</summary>
    internal static string? Text(byte* text) => Marshal.PtrToStringUTF8((nint)text);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (name != Library)
        {
            return 0;
        }

        // Our own copy beside the application wins over any library of the same name that the system may have. In an
        // application that uses the package or is published for one platform, the default probing knows the place.
        string own = Path.Combine(AppContext.BaseDirectory, "runtimes", PlatformName, "native", FileName);
        return NativeLibrary.TryLoad(own, out nint library)
            ? library
            : NativeLibrary.Load(Library, assembly, searchPath);
    }

    private static string PlatformName
    {
        get
        {
            string system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
            return $"{system}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";
        }
    }

    private static string FileName => OperatingSystem.IsWindows() ? "duckdb.dll"
        : OperatingSystem.IsMacOS() ? "libduckdb.dylib"
        : "libduckdb.so";

    [LibraryImport(Library, EntryPoint = "duckdb_library_version")]
    private static partial byte* LibraryVersion();
}
