using Microsoft.Win32.SafeHandles;

namespace LambdaCore.Storage;

/// <summary>An open file on the disk.</summary>
internal sealed class PhysicalFile : IStorageFile
{
    private readonly SafeFileHandle _handle;
    private readonly string _physicalPath;

    public PhysicalFile(string path, string physicalPath, SafeFileHandle handle)
    {
        Path = path;
        _physicalPath = physicalPath;
        _handle = handle;
    }

    public string Path { get; }

    public long Length => RandomAccess.GetLength(_handle);

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        try
        {
            RandomAccess.Write(_handle, bytes, offset);
        }
        catch (Exception exception) when (SystemError.IsOfFiles(exception))
        {
            throw SystemError.Of($"write of {bytes.Length} bytes at {offset}", _physicalPath, exception);
        }
    }

    public int Read(long offset, Span<byte> buffer)
    {
        try
        {
            int done = 0;
            while (done < buffer.Length)
            {
                int read = RandomAccess.Read(_handle, buffer[done..], offset + done);
                if (read == 0)
                {
                    break;
                }

                done += read;
            }

            return done;
        }
        catch (Exception exception) when (SystemError.IsOfFiles(exception))
        {
            throw SystemError.Of($"read of {buffer.Length} bytes at {offset}", _physicalPath, exception);
        }
    }

    public void Flush()
    {
        int error = SystemCalls.Here.FlushFile(_handle);
        if (error != 0)
        {
            throw SystemError.Of("flush", _physicalPath, error);
        }
    }

    public void Dispose() => _handle.Dispose();
}
