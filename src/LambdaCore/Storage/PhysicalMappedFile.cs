using System.IO.MemoryMappedFiles;

namespace LambdaCore.Storage;

/// <summary>A file mapped by the operating system: pages come when they are touched.</summary>
internal sealed unsafe class PhysicalMappedFile : IMappedFile
{
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private bool _disposed;

    public PhysicalMappedFile(string physicalPath)
    {
        using FileStream stream = new(physicalPath, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 1);
        Length = stream.Length;
        if (Length == 0)
        {
            // An empty file cannot be mapped.
            return;
        }

        _file = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        byte* pointer = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
        Pointer = pointer + _view.PointerOffset;
    }

    public byte* Pointer { get; }

    public long Length { get; }

    public void Dispose()
    {
        if (!_disposed && _view is not null)
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _file!.Dispose();
        }

        _disposed = true;
    }
}
