using System.Globalization;
using BlobStandIn.Faults;
using BlobStandIn.State;
using Microsoft.AspNetCore.Http.Features;

namespace BlobStandIn.Http;

/// <summary>Takes every request: who it is from, how long it takes, what is made to fail, and who answers it.</summary>
internal sealed class Frontend
{
    private readonly IReadOnlyDictionary<string, StandInAccount> _accounts;
    private readonly StandInFaults _faults;
    private readonly RequestLog _log;
    private readonly BlobHandler _blobs;
    private readonly BatchHandler _batches;

    public Frontend(IReadOnlyDictionary<string, StandInAccount> accounts, StandInFaults faults, RequestLog log)
    {
        (_accounts, _faults, _log) = (accounts, faults, log);
        var items = new ItemHandler(faults, log);
        (_blobs, _batches) = (new(items), new(faults, items));
    }

    /// <summary>Answers a request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var request = new StandInRequest(context, context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
        var operation = request.Operation;
        _log.Add(operation, context.Request.Method, request.Target);
        Answers.Begin(context);
        await _faults.WaitAsync(operation, context.RequestAborted);
        var error = Refusal(request, out var account) ?? await AnswerAsync(account!, request, operation);
        // The answer to a batch is lost where it is made.
        if (operation != StandInOperation.Batch && RequestLog.IsWrite(operation) && _faults.LosesAnswer())
            context.Abort();
        else if (error is not null)
            await Answers.FailAsync(context, error);
    }

    private StandInError? Refusal(StandInRequest request, out StandInAccount? account)
    {
        account = _accounts.GetValueOrDefault(request.Account);
        if (request.Header("Authorization") is null && request.Query("sig").Length == 0)
            return StandInError.NotAuthenticated;
        if (_faults.Busy.Strikes())
            return StandInError.ServerBusy with { RetryAfter = _faults.RetryAfter };
        return account is null ? StandInError.AccountNotFound : null;
    }

    private Task<StandInError?> AnswerAsync(StandInAccount account, StandInRequest request, StandInOperation operation)
    {
        if (request.Container.Length == 0)
            return AnswerAccountAsync(account, request, operation);
        var container = account.Find(request.Container);
        if (operation == StandInOperation.CreateContainer)
            return Task.FromResult(Create(account, request));
        if (container is null)
            return Task.FromResult<StandInError?>(StandInError.ContainerNotFound);
        return operation switch
        {
            StandInOperation.ListBlobs => ListAsync(container, request),
            StandInOperation.Batch => BatchAsync(account, request),
            StandInOperation.ReadContainer => Task.FromResult(Read(container, request)),
            StandInOperation.DeleteContainer => Task.FromResult(Delete(container, request)),
            _ => _blobs.HandleAsync(container, request, operation),
        };
    }

    private async Task<StandInError?> AnswerAccountAsync(StandInAccount account, StandInRequest request, StandInOperation operation)
    {
        switch (operation)
        {
            case StandInOperation.ListContainers when ListingQuery.From(request) is { } query:
                await ContainerListing.WriteAsync(request.Context, account, query, Endpoint(request));
                return null;
            case StandInOperation.ListContainers:
                return StandInError.QueryOutOfRange;
            case StandInOperation.Batch:
                return await BatchAsync(account, request);
            case StandInOperation.ReadAccount:
                await ReadAsync(account, request);
                return null;
            default:
                return StandInError.NotSupported;
        }
    }

    private async Task<StandInError?> BatchAsync(StandInAccount account, StandInRequest request)
    {
        await _batches.HandleAsync(account, request);
        return null;
    }

    private static async Task<StandInError?> ListAsync(StandInContainer container, StandInRequest request)
    {
        if (ListingQuery.From(request) is not { } query)
            return StandInError.QueryOutOfRange;
        if (container.Account.IsHierarchical && (query.Tags || query.Versions))
            return StandInError.InvalidQuery;
        await new BlobListing(container, query).WriteAsync(request.Context, Endpoint(request));
        return null;
    }

    private static StandInError? Create(StandInAccount account, StandInRequest request)
    {
        if (account.TryAddContainer(request.Container, request.Metadata()) is not { } container)
            return StandInError.ContainerExists;
        SetProperties(request, container);
        request.Context.Response.StatusCode = 201;
        return null;
    }

    private static StandInError? Read(StandInContainer container, StandInRequest request)
    {
        SetProperties(request, container);
        foreach (var (key, value) in container.Metadata)
            request.Context.Response.Headers[$"x-ms-meta-{key}"] = value;
        return null;
    }

    private static StandInError? Delete(StandInContainer container, StandInRequest request)
    {
        if (container.HasLegalHold || container.Immutability is not null)
            return StandInError.Immutable with { Code = "ContainerImmutableDueToPolicy" };
        container.Account.DeleteContainer(container.Name);
        request.Context.Response.StatusCode = 202;
        return null;
    }

    private static void SetProperties(StandInRequest request, StandInContainer container)
    {
        var headers = request.Context.Response.Headers;
        headers.ETag = Answers.ETag(container.Created.Ticks);
        headers.LastModified = Answers.Date(container.Created);
        headers["x-ms-lease-status"] = "unlocked";
        headers["x-ms-lease-state"] = "available";
        headers["x-ms-has-legal-hold"] = container.HasLegalHold ? "true" : "false";
        headers["x-ms-has-immutability-policy"] = container.Immutability is null ? "false" : "true";
    }

    // What kind of account it is, and how long soft delete keeps.
    private static Task ReadAsync(StandInAccount account, StandInRequest request)
    {
        var headers = request.Context.Response.Headers;
        headers["x-ms-sku-name"] = "Standard_LRS";
        headers["x-ms-account-kind"] = "StorageV2";
        headers["x-ms-is-hns-enabled"] = account.IsHierarchical ? "true" : "false";
        if (request.Query("restype") != "service")
            return Task.CompletedTask;
        var policy = account.SoftDelete is { } retention
            ? string.Create(CultureInfo.InvariantCulture, $"<Enabled>true</Enabled><Days>{(int)retention.TotalDays}</Days>")
            : "<Enabled>false</Enabled>";
        var properties = $"<DeleteRetentionPolicy>{policy}</DeleteRetentionPolicy>";
        return Answers.XmlAsync(request.Context, $"<StorageServiceProperties>{properties}</StorageServiceProperties>");
    }

    private static string Endpoint(StandInRequest request) => $"http://{request.Context.Request.Host}/{request.Account}/";
}
