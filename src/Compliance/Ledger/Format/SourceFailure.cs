using Azure;

namespace Compliance.Ledger.Format;

/// <summary>
/// What comes of a source that cannot be read: no storage, no right to read, a broken connection, a name too long for the file system.
/// </summary>
internal static class SourceFailure
{
    /// <summary>Whether an exception says that something could not be read, rather than that this code is wrong.</summary>
    public static bool IsOne(Exception e) =>
        e
            is IOException
                or UnauthorizedAccessException
                or RequestFailedException
                or AggregateException
                or HttpRequestException
                or Azure.Identity.AuthenticationFailedException
        || (e is OperationCanceledException { CancellationToken.IsCancellationRequested: false } or TimeoutException);
}
