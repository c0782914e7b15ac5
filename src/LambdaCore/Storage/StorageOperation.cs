namespace LambdaCore.Storage;

/// <summary>What reaches the disk, one by one, so that each can be made to fail.</summary>
internal enum StorageOperation
{
    Create,
    Open,
    Read,
    Write,
    Flush,
    List,
    CreateFolder,
    FlushFolder,
    Delete,
    Rename,
    Map,
    Lock,
    Link,
}
