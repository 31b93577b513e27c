namespace Compliance.Storage;

/// <summary>
/// Keeps the documents of a capability (snapshots, plans, outcomes, certificates) in a container of its own in the state account: they
/// may name people and so can be erased.
/// </summary>
internal interface IDocumentStore
{
    /// <summary>
    /// Writes the document (canonical JSON) unless the very same is there; returns the SHA-256 of its bytes, lower-case hex.
    /// </summary>
    /// <param name="name">For example <c>leaver-1f0c…/1/snapshot.json</c>.</param>
    /// <param name="document">The document.</param>
    /// <param name="cancellationToken">Stops the write.</param>
    Task<string> SaveAsync<T>(string name, T document, CancellationToken cancellationToken);

    /// <summary>
    /// Changes a document and no other writer's change is lost: <paramref name="change"/> is called again with the newer document when
    /// somebody was faster, and with null while there is none.
    /// </summary>
    /// <returns>The document as it is now.</returns>
    /// <exception cref="Azure.RequestFailedException">Storage failed, or others changed the document in every attempt.</exception>
    Task<T> ChangeAsync<T>(string name, Func<T?, T> change, CancellationToken cancellationToken)
        where T : class;

    /// <summary>Writes a text such as an HTML page.</summary>
    Task SaveTextAsync(string name, string contentType, string text, CancellationToken cancellationToken);

    /// <summary>Reads a document; null when there is none.</summary>
    Task<T?> LoadAsync<T>(string name, CancellationToken cancellationToken)
        where T : class;

    /// <summary>Reads a document's bytes; null when there is none.</summary>
    Task<BinaryData?> LoadBytesAsync(string name, CancellationToken cancellationToken);
}
