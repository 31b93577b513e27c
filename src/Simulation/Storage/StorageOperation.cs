namespace Simulation.Storage;

/// <summary>The services of a storage account.</summary>
internal enum StorageService
{
    Blob,
    Queue,
    Table,
}

/// <summary>What a request asks a service to do: the operations of its REST interface that the app's clients use.</summary>
internal enum StorageOperation
{
    CreateTable,
    DeleteTable,
    QueryTables,
    GetEntity,
    QueryEntities,
    InsertEntity,
    UpdateEntity,
    MergeEntity,
    InsertOrReplaceEntity,
    InsertOrMergeEntity,
    DeleteEntity,
    EntityGroupTransaction,

    CreateContainer,
    DeleteContainer,
    GetContainer,
    ListContainers,
    ListBlobs,
    GetBlob,
    GetBlobProperties,
    PutBlob,
    PutBlock,
    PutBlockList,
    AppendBlock,
    SealBlob,
    SetBlobMetadata,
    SetBlobProperties,
    DeleteBlob,
    AcquireLease,
    RenewLease,
    ChangeLease,
    ReleaseLease,
    BreakLease,

    CreateQueue,
    DeleteQueue,
    GetQueue,
    SetQueueMetadata,
    ListQueues,
    PutMessage,
    GetMessages,
    PeekMessages,
    UpdateMessage,
    DeleteMessage,
    ClearMessages,
}

/// <summary>One request before it is served.</summary>
/// <param name="Number">Its number among all requests of all processes, from 1. A retry by a client is a request of its own.</param>
/// <param name="Process">Name of the process that asks, as given to <see cref="MemoryStorage.Open"/>.</param>
/// <param name="Account">Name of the account: <see cref="MemoryStorage.StateAccount"/> or
/// <see cref="MemoryStorage.EvidenceAccount"/>.</param>
/// <param name="Service">The service.</param>
/// <param name="Operation">What is asked.</param>
/// <param name="Resource">What it is about: <c>table/partition/row</c>, <c>container/blob</c> or <c>queue</c>; of a transaction
/// <c>table/partition</c>.</param>
internal sealed record StorageRequest(
    long Number,
    string Process,
    string Account,
    StorageService Service,
    StorageOperation Operation,
    string Resource
)
{
    /// <summary>Whether it may change what is stored.</summary>
    public bool Writes =>
        Operation
            is not (
                StorageOperation.QueryTables
                or StorageOperation.GetEntity
                or StorageOperation.QueryEntities
                or StorageOperation.GetContainer
                or StorageOperation.ListContainers
                or StorageOperation.ListBlobs
                or StorageOperation.GetBlob
                or StorageOperation.GetBlobProperties
                or StorageOperation.GetQueue
                or StorageOperation.ListQueues
                or StorageOperation.PeekMessages
            );
}

/// <summary>Something stored that was changed.</summary>
/// <param name="At">When, by the storage's clock.</param>
/// <param name="Request">The request that changed it.</param>
/// <param name="Resource">What was changed, as in <see cref="StorageRequest.Resource"/>; a transaction gives one change a row, after all of
/// it is applied.</param>
internal sealed record StorageChange(DateTimeOffset At, StorageRequest Request, string Resource);
