namespace BlobStandIn.State;

/// <summary>A refusal as the service writes it.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Code">Error code.</param>
/// <param name="Message">Text beside it, also the reason in a batch's status line.</param>
internal sealed record StandInError(int Status, string Code, string Message)
{
    /// <summary>How long it asks to wait; null where it does not.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public static StandInError BlobNotFound { get; } = new(404, "BlobNotFound", "The specified blob does not exist.");

    public static StandInError ContainerNotFound { get; } = new(404, "ContainerNotFound", "The specified container does not exist.");

    public static StandInError AccountNotFound { get; } = new(404, "ResourceNotFound", "The specified resource does not exist.");

    public static StandInError ContainerExists { get; } =
        new(409, "ContainerAlreadyExists", "The specified container already exists.");

    public static StandInError BlobExists { get; } = new(409, "BlobAlreadyExists", "The specified blob already exists.");

    public static StandInError ConditionNotMet { get; } =
        new(412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.");

    public static StandInError LeaseIdMissing { get; } =
        new(412, "LeaseIdMissing", "There is currently a lease on the blob and no lease ID was specified in the request.");

    public static StandInError LeaseIdMismatch { get; } =
        new(412, "LeaseIdMismatchWithBlobOperation", "The lease ID specified did not match the lease ID for the blob.");

    public static StandInError LeaseNotPresent { get; } =
        new(412, "LeaseNotPresentWithBlobOperation", "There is currently no lease on the blob.");

    public static StandInError LeaseTaken { get; } = new(409, "LeaseAlreadyPresent", "There is already a lease present.");

    public static StandInError LeaseIdMismatchOnLease { get; } =
        new(409, "LeaseIdMismatchWithLeaseOperation", "The lease ID specified did not match the lease ID for the blob.");

    public static StandInError Immutable { get; } =
        new(409, "BlobImmutableDueToPolicy", "This operation is not permitted as the blob is immutable due to a policy.");

    public static StandInError OnHold { get; } =
        new(409, "BlobImmutableDueToLegalHold", "This operation is not permitted as the blob is immutable due to one or more legal holds.");

    public static StandInError SnapshotsPresent { get; } =
        new(409, "SnapshotsPresent", "This operation is not permitted because the blob has snapshots.");

    public static StandInError DirectoryIsNotEmpty { get; } =
        new(409, "DirectoryIsNotEmpty", "This operation is not permitted on a non-empty directory.");

    public static StandInError NotOnRootBlob { get; } =
        new(403, "OperationNotAllowedOnRootBlob", "The operation is not allowed on root blob.");

    public static StandInError NotAuthenticated { get; } =
        new(403, "AuthenticationFailed", "Server failed to authenticate the request.");

    public static StandInError ServerBusy { get; } = new(503, "ServerBusy", "The server is busy.");

    public static StandInError InvalidQuery { get; } =
        new(400, "InvalidQueryParameterValue", "Value for one of the query parameters specified in the request URI is invalid.");

    public static StandInError QueryOutOfRange { get; } =
        new(
            400,
            "OutOfRangeQueryParameterValue",
            "One of the query parameters specified in the request URI is outside the permissible range."
        );

    public static StandInError InvalidHeader { get; } =
        new(400, "InvalidHeaderValue", "The value for one of the HTTP headers is not in the correct format.");

    public static StandInError InvalidInput { get; } = new(400, "InvalidInput", "One of the request inputs is not valid.");

    public static StandInError TooManyItems { get; } =
        new(400, "ExceedsMaxBatchRequestCount", "The batch operation exceeds maximum sub requests.");

    public static StandInError TooLarge { get; } =
        new(400, "RequestBodyTooLarge", "The request body is too large and exceeds the maximum permissible limit.");

    public static StandInError NotSupported { get; } =
        new(400, "UnsupportedQueryParameter", "This stand-in does not have the operation.");
}
