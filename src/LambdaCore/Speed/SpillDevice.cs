using System.Collections.Concurrent;
using FASTER.core;
using LambdaCore.Storage;

namespace LambdaCore.Speed;

/// <summary>
/// The disk as FASTER sees it: one file per segment of its log, through the <see cref="IStorage"/> of the store.
/// </summary>
/// <remarks>
/// <para>
/// FASTER 2.6.5 waits for ever when told of an error: a page whose write failed never counts as flushed, and a scan's
/// page whose read failed is never signalled. So it is always told of success, with zeros for what could not be
/// read, and the first error stays in <see cref="Fault"/>, which <see cref="SpillStore"/> asks for before it believes anything.
/// </para>
/// <para>
/// Requests are carried out by the calling thread. All members may be called from any thread; the same bytes are
/// never written twice at once.
/// </para>
/// </remarks>
internal sealed unsafe class SpillDevice : StorageDeviceBase
{
    private const uint SectorBytes = 512;

    private readonly IStorage _storage;
    private readonly string _folder;
    private readonly ConcurrentDictionary<int, IStorageFile> _segments = new();
    private readonly Lock _creation = new();
    private long _discardedBefore;
    private volatile Exception? _fault;

    /// <summary>Creates a device without files.</summary>
    public SpillDevice(IStorage storage, string folder)
        : base(folder, SectorBytes, Devices.CAPACITY_UNSPECIFIED)
    {
        _storage = storage;
        _folder = folder;
    }

    /// <summary>The first error of the disk; null as long as there was none.</summary>
    public Exception? Fault => _fault;

    /// <summary>The length of all files.</summary>
    public long Bytes => _segments.Values.Sum(file => file.Length);

    /// <summary>Deletes the files that an earlier process left.</summary>
    public static void DeleteLeftovers(IStorage storage, string folder)
    {
        foreach (string name in storage.List(folder))
        {
            storage.Delete($"{folder}/{name}");
        }
    }

    /// <summary>Makes writes before an address go nowhere, because nobody will read them again.</summary>
    public void DiscardBefore(long address) => Volatile.Write(ref _discardedBefore, address);

    /// <summary>Deletes the files that lie wholly before what was discarded. Nobody may be reading there.</summary>
    public void DeleteDiscarded()
    {
        foreach (int segment in _segments.Keys)
        {
            if ((segment + 1L) * segmentSize <= _discardedBefore && _segments.TryRemove(segment, out IStorageFile? file))
            {
                Delete(file);
            }
        }
    }

    /// <inheritdoc/>
    public override void WriteAsync(
        IntPtr sourceAddress, int segmentId, ulong destinationAddress, uint numBytesToWrite, DeviceIOCompletionCallback callback, object context)
    {
        long end = (segmentId * segmentSize) + (long)destinationAddress + numBytesToWrite;
        if (_fault is null && end > Volatile.Read(ref _discardedBefore))
        {
            try
            {
                IStorageFile file = _segments.TryGetValue(segmentId, out IStorageFile? open) ? open : CreateSegment(segmentId);
                file.Write((long)destinationAddress, new ReadOnlySpan<byte>((void*)sourceAddress, checked((int)numBytesToWrite)));
            }
#pragma warning disable CA1031 // Whatever it is, FASTER cannot take it; it is kept and raised by SpillStore.
            catch (Exception error)
#pragma warning restore CA1031
            {
                _fault ??= error;
            }
        }

        callback(0, numBytesToWrite, context);
    }

    /// <inheritdoc/>
    public override void ReadAsync(
        int segmentId, ulong sourceAddress, IntPtr destinationAddress, uint readLength, DeviceIOCompletionCallback callback, object context)
    {
        var destination = new Span<byte>((void*)destinationAddress, checked((int)readLength));
        int read = 0;
        if (_fault is null)
        {
            try
            {
                // FASTER reads whole sectors, the last of which may reach beyond what it wrote.
                read = _segments.TryGetValue(segmentId, out IStorageFile? file) ? file.Read((long)sourceAddress, destination) : 0;
            }
#pragma warning disable CA1031 // As above.
            catch (Exception error)
#pragma warning restore CA1031
            {
                _fault ??= error;
            }
        }

        destination[read..].Clear();
        callback(0, readLength, context);
    }

    /// <summary>Does nothing: <see cref="DeleteDiscarded"/> decides when files go.</summary>
    public override void RemoveSegmentAsync(int segment, AsyncCallback callback, IAsyncResult result) => callback(result);

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (IStorageFile file in _segments.Values)
        {
            Delete(file);
        }

        _segments.Clear();
    }

    private IStorageFile CreateSegment(int segment)
    {
        // Two threads may flush two pages of one segment at the same time.
        lock (_creation)
        {
            if (_segments.TryGetValue(segment, out IStorageFile? file))
            {
                return file;
            }

            _storage.CreateFolder(_folder);
            file = _storage.Create($"{_folder}/{segment:D8}.spill", preallocatedLength: 0);
            _segments[segment] = file;
            return file;
        }
    }

    private void Delete(IStorageFile file)
    {
        file.Dispose();
        _storage.Delete(file.Path);
    }
}
