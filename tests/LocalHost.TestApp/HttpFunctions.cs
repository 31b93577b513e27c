using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace TestApp;

/// <summary>A service of one invocation.</summary>
public sealed class Scoped
{
    private static int _made;

    public int Number { get; } = Interlocked.Increment(ref _made);
}

/// <summary>Routes, levels and answers.</summary>
public sealed class HttpFunctions(Scoped scoped)
{
    [Function("Results")]
    public static async Task<IActionResult> ResultsAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "results/{kind}")] HttpRequest request,
        string kind
    )
    {
        await Task.Yield();
        return kind switch
        {
            "ok" => new OkObjectResult(new { Id = 7 }),
            "json" => new JsonResult(new { Id = 7 }),
            "accepted" => new AcceptedResult("/there", "go"),
            "status" => new StatusCodeResult(418),
            "content" => new ContentResult { Content = "a,b", ContentType = "text/csv" },
            "file" => new FileStreamResult(new MemoryStream(Encoding.ASCII.GetBytes("%PDF")), "application/pdf"),
            _ => new NotFoundResult(),
        };
    }

    [Function("PlainResult")]
    public static IResult PlainResult([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request) =>
        Microsoft.AspNetCore.Http.Results.StatusCode(409);

    [Function("Routed")]
    public static IActionResult Routed(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "runs/{runId}/{part:int?}")] HttpRequest request,
        string runId,
        int? part
    ) => Text($"{runId} {part}");

    [Function("Item")]
    public static IActionResult Item(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "items/{id}")] HttpRequest request,
        string id
    ) => Text($"item {id}");

    [Function("LatestItem")]
    public static IActionResult LatestItem(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "items/latest")] HttpRequest request
    ) => Text("latest");

    [Function("DoorGet")]
    public static IActionResult DoorGet([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "door")] HttpRequest request) =>
        Text("get");

    [Function("DoorPut")]
    public static IActionResult DoorPut([HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = "door")] HttpRequest request) =>
        Text("put");

    [Function("Guarded")]
    public static IActionResult Guarded([HttpTrigger(AuthorizationLevel.Function, "post")] HttpRequest request) => new OkResult();

    [Function("Top")]
    public static IActionResult Top([HttpTrigger(AuthorizationLevel.Admin, "post")] HttpRequest request) => new OkResult();

    [Function("Throwing")]
    public static IActionResult Throwing([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request) =>
        throw new InvalidDataException("secret detail");

    [Function("Reading")]
    public static async Task<IActionResult> ReadingAsync([HttpTrigger(AuthorizationLevel.Anonymous, "post")] HttpRequest request)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        return Text($"{body.Length}");
    }

    /// <summary>Answers with what the function sees of its request and of its invocation.</summary>
    [Function("Mirror")]
    public IActionResult Mirror(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "mirror")] HttpRequest request,
        FunctionContext context
    ) =>
        new OkObjectResult(
            new
            {
                name = context.FunctionDefinition.Name,
                invocationId = context.InvocationId,
                traceParent = context.TraceContext.TraceParent,
                scoped = scoped.Number,
                url = request.GetEncodedPathAndQuery(),
                host = request.Host.Value,
                headers = request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString()),
            }
        );

    private static ContentResult Text(string text) => new() { Content = text };
}
