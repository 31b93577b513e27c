using LocalHost.Hosting;
using LocalHost.Http;
using LocalHost.Rpc;
using LocalHost.Worker;

namespace LocalHost.Tests.Http;

public sealed class HttpRouteTests
{
    private static WorkerFunction Create(string name, string more)
    {
        var metadata = new FunctionMetadata { Name = name, FunctionId = name };
        metadata.RawBindings.Add($$"""{"name":"request","type":"httpTrigger","direction":"In"{{more}}}""");
        return WorkerFunction.From(metadata);
    }

    private static string Refusal(params WorkerFunction[] functions) =>
        Assert.Throws<StartupException>(() => HttpRoute.From(functions, "api")).Message;

    [Theory]
    [InlineData(
        "api",
        ",\"route\":\"runs/{id}\",\"methods\":[\"get\",\"Post\"],\"authLevel\":\"Admin\"",
        "api/runs/{id}",
        "GET,POST",
        "Master"
    )]
    [InlineData("", ",\"authLevel\":\"Anonymous\"", "F", "", "None")]
    [InlineData("v1", "", "v1/F", "", "Function")]
    public void A_route_has_the_prefix_of_host_json_and_the_functions_name_and_level_function_unless_it_names_others(
        string prefix,
        string trigger,
        string pattern,
        string methods,
        string level
    )
    {
        var route = Assert.Single(HttpRoute.From([Create("F", trigger)], prefix));
        Assert.Equal((pattern, methods, level), (route.Pattern.RawText, string.Join(',', route.Methods), $"{route.Level}"));
    }

    [Theory]
    [InlineData(",\"route\":\"{a\"", "function F: the route 'api/{a' is not a route template")]
    [InlineData(
        ",\"authLevel\":\"System\"",
        "function F: this host does not support AuthorizationLevel.System; use Anonymous, Function or Admin"
    )]
    public void A_route_that_cannot_be_is_refused_with_its_function(string trigger, string message) =>
        Assert.StartsWith(message, Refusal(Create("F", trigger)), StringComparison.Ordinal);

    [Theory]
    [InlineData("admin/x")]
    [InlineData("Runtime")]
    public void Paths_that_belong_to_the_host_are_refused(string route)
    {
        var function = Create("F", $",\"route\":\"{route}\"");
        var error = Assert.Throws<StartupException>(() => HttpRoute.From([function], ""));
        Assert.Equal($"function F: the route '{route}' lies under admin or runtime, which belong to the host", error.Message);
    }

    [Fact]
    public void Two_functions_on_one_route_are_refused_and_with_different_methods_they_are_not()
    {
        const string door = ",\"route\":\"door\",\"methods\":[\"METHOD\"]";
        var get = Create("Get", door.Replace("METHOD", "get", StringComparison.Ordinal));
        var put = Create("Put", door.Replace("METHOD", "put", StringComparison.Ordinal));
        Assert.Equal(2, HttpRoute.From([get, put], "api").Count);
        Assert.Equal("functions Get, Get: have the same route GET /api/door", Refusal(get, get));
    }

    [Fact]
    public void One_start_names_everything_that_is_wrong() =>
        Assert.Equal(2, Refusal(Create("F", ",\"route\":\"{a\""), Create("G", ",\"authLevel\":\"User\"")).Split("; function G:").Length);

    [Theory]
    [InlineData("""{"name":"a","type":"httpTrigger","direction":"In"}""", """{"name":"b","type":"timerTrigger","direction":"In"}""", 2)]
    [InlineData("""{"name":"a","type":"durableClient","direction":"In"}""", """{"name":"b","type":"queue","direction":"Out"}""", 0)]
    public void A_function_has_exactly_one_trigger(string first, string second, int triggers)
    {
        var metadata = new FunctionMetadata
        {
            Name = "F",
            FunctionId = "F",
            RawBindings = { first, second },
        };
        var error = Assert.Throws<StartupException>(() => WorkerFunction.From(metadata));
        Assert.Equal($"function F: must have exactly one trigger, has {triggers}", error.Message);
    }
}
